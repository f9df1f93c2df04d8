import { describe, expect, it } from 'vitest';
import type { DemoEvent, Plot, RunSummary, TestReport, VerifySummary } from '../../../demo/driver/events.js';
import { Curve } from '../../../demo/ui/curve.js';
import { stepLine } from '../../../tools/train/progress.js';
import { History, htmlReport } from '../../../tools/train/report.js';
import { exitCode, jsonLine, resultLines } from '../../../tools/train/result.js';
import { lineChart } from '../../../tools/train/svg.js';

const summary: RunSummary = {
  example: 'fashion-mnist',
  device: 'webgpu',
  adapter: 'an adapter <1>',
  stopped: false,
  passed: true,
  testAccuracy: 0.88,
  testLoss: 0.33,
  measuredOn: 'test images',
  details: ['right & proper'],
  epochs: 5,
  batchSize: 32,
  seed: 42,
  steps: 9375,
  seconds: 12.34567,
  dispatchesPerStep: 10,
  passesPerSubmit: 1,
  submits: 600,
  peakBytes: 1000,
  lowerBoundBytes: 900,
};
const verify: VerifySummary = {
  worstOp: 'adam',
  worstBudgetRatio: 0.5,
  passed: true,
  steps: [],
  text: 'adam ok',
};

const steps: Extract<DemoEvent, { type: 'steps' }> = {
  type: 'steps',
  steps: [1, 2].map((step) => ({
    series: 'loss',
    step,
    epoch: 0,
    batch: step - 1,
    size: 32,
    loss: 3 - step,
    accuracy: step / 4,
  })),
  done: 2,
  total: 10,
  stepsPerEpoch: 5,
  imagesPerSecond: 640,
  secondsLeft: 0.4,
};

describe('the end of a run', () => {
  it('as JSON has the fields that machines read, and null for what does not apply', () => {
    const parsed = JSON.parse(jsonLine(summary, verify));
    const fields =
      'example device adapter testAccuracy testLoss epochs steps seconds dispatchesPerStep submits peakBytes lowerBoundBytes';
    for (const field of fields.split(' ')) expect(parsed[field], field).not.toBeUndefined();
    expect(parsed.seconds).toBe(12.346);
    expect(parsed.verify).toEqual({ worstOp: 'adam', worstBudgetRatio: 0.5, passed: true });
    expect(JSON.parse(jsonLine(summary, null)).verify).toBeNull();
  });

  it('in words names the worst op', () => {
    expect(resultLines(summary, verify).join('\n')).toMatch(
      /9375 steps in 12\.3 s.*adam at 0\.500 of its budget/s,
    );
  });

  it('fails for a wrong device, and for a full run that fell short', () => {
    expect(exitCode(summary, verify, 5)).toBe(0);
    expect(exitCode(summary, { ...verify, passed: false }, 5)).toBe(1);
    expect(exitCode({ ...summary, passed: false }, verify, 5)).toBe(1);
    expect(exitCode({ ...summary, passed: false, epochs: 1 }, verify, 5)).toBe(0);
  });
});

it('a line of progress has epoch, step, loss, accuracy, rate and time left', () => {
  expect(stepLine(steps, 5)).toBe(
    'epoch 1/5, step 2/5: loss 1.500, accuracy 0.3750, 640 examples/s, 1 s left',
  );
});

describe('the report', () => {
  const test: TestReport = {
    classNames: ['shirt', 'coat'],
    confusion: [
      [7, 1],
      [2, 9],
    ],
    samples: [{ row: 0, truth: 0, predicted: 1, confidence: 0.6, image: 'data:image/png;base64,AAAA' }],
  };
  const history = new History();
  history.hear(steps);
  const html = htmlReport({ title: 'A <title>', summary, history, verify, test });

  it('stands alone: no address of anything else', () => {
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(html).not.toMatch(/https?:/);
  });

  it('has the curve, the confusion matrix, the samples and the verification', () => {
    expect(html).toContain('<polyline');
    for (const count of ['>7<', '>1<', '>2<', '>9<']) expect(html).toContain(count);
    expect(html).toContain('src="data:image/png;base64,AAAA"');
    expect(html).toContain('is: shirt');
    expect(html).toContain('adam ok');
  });

  it('has texts where pictures are none, what was written, and further lines of the loss', () => {
    const told = new History();
    told.hear(steps);
    told.hear({
      type: 'epoch',
      epoch: 0,
      logs: {},
      curves: { loss: { 'held out': 2.5 }, accuracy: { 'always shirt': 0.3 } },
      done: 2,
    });
    const request = { prefix: '', temperature: 0.7 };
    told.hear({ type: 'written', request, texts: [{ text: 'the <b> moon', known: true }] });
    const read: TestReport = {
      ...test,
      samples: [{ row: 0, truth: 0, predicted: 0, confidence: 0.6, text: 'night & day' }],
    };
    const page = htmlReport({ title: 'x', summary, history: told, verify: null, test: read });
    expect(page).toContain('1 texts that it has never trained on');
    expect(page).toContain('night &amp; day');
    expect(page).toContain('the &lt;b&gt; moon <small>(by heart)</small>');
    expect(page).toContain('held out');
    expect(page).toContain('always shirt');
  });

  it('escapes what comes from outside', () => {
    expect(html).toContain('A &lt;title&gt;');
    expect(html).toContain('an adapter &lt;1&gt;');
    expect(html).toContain('right &amp; proper');
  });

  it('draws the newest plot, what is to be beaten dashed, and says its units', () => {
    const told = new History();
    const plot = (y: number[]): Plot => ({
      title: 'Growth & more',
      axes: ['year', 'ppm'],
      lines: [
        { name: 'measured', kind: 'truth', x: [2001.5, 2002.5], y: [370, 374] },
        { name: 'forecast', kind: 'model', x: [2002.5], y },
        { name: 'as last year', kind: 'baseline', x: [2002.5], y: [370] },
      ],
    });
    told.hear({ type: 'plot', plot: plot([500]) });
    told.hear({ type: 'plot', plot: plot([373]) });
    const drawn = htmlReport({ title: 'x', summary, history: told, verify: null, test: null });
    expect(drawn).toContain('<h2>Growth &amp; more</h2>');
    expect(drawn).toContain('aria-label="Growth &amp; more: ppm over year"');
    expect(drawn).toContain('year 2001.5<');
    const lines = [...drawn.matchAll(/<polyline points="([^"]+)"[^>]*>/g)];
    expect(lines).toHaveLength(3);
    expect(lines.map(([line]) => line.includes('dasharray'))).toEqual([false, false, true]);
    const heights = lines.map(([, points]) => Number(points?.split(',').at(-1)));
    expect(heights[0]).toBeLessThan(heights[1] as number);
    expect(heights[1]).toBeLessThan(heights[2] as number);
  });

  it('has the accuracy of each series, and captions under pictures', () => {
    const told = new History();
    for (const series of ['in order', 'at random'])
      told.hear({ ...steps, steps: steps.steps.map((step) => ({ ...step, series })) });
    const image = 'data:image/png;base64,BBBB';
    told.hear({ type: 'strips', strips: [{ title: 'heard', images: [image], captions: ['✗ 5, is <3>'] }] });
    const drawn = htmlReport({ title: 'x', summary, history: told, verify: null, test: null });
    expect([...told.accuracy.keys()]).toEqual(['in order', 'at random']);
    expect(drawn).toContain('<figcaption>✗ 5, is &lt;3&gt;</figcaption>');
  });

  it('leaves out what an example has not', () => {
    const bare = htmlReport({ title: 'x', summary, history: new History(), verify: null, test: null });
    expect(bare).not.toContain('<svg');
    expect(bare).not.toContain('confusion"');
  });
});

describe('a curve', () => {
  it('keeps every step while there are few', () => {
    const curve = new Curve();
    for (let step = 1; step <= 400; step++) curve.add(step, step);
    expect(curve.x).toHaveLength(400);
    expect(curve.y).toEqual(curve.x);
  });

  it('of many steps has a bounded number of points, each the mean of its stretch', () => {
    const curve = new Curve();
    for (let step = 1; step <= 10_000; step++) curve.add(step, step);
    expect(curve.x.length).toBeLessThanOrEqual(400);
    expect(curve.x.length).toBeGreaterThan(200);
    expect(curve.x.at(-1)).toBe(10_000);
    // Stretches of 32 steps: the first is the mean of 1 to 32.
    expect(curve.x[0]).toBe(32);
    expect(curve.y[0]).toBe(16.5);
    expect(curve.x[1]).toBe(64);
    expect(curve.y[1]).toBe(48.5);
  });

  it('is drawn within its frame, logarithmically where it spans decades', () => {
    const curve = new Curve();
    for (let step = 0; step < 6; step++) curve.add(step, 10 ** -step);
    const svg = lineChart(new Map([['loss', curve]]), 'loss');
    const points =
      /points="([^"]+)"/
        .exec(svg)?.[1]
        ?.split(' ')
        .map((pair) => pair.split(',').map(Number)) ?? [];
    expect(points).toHaveLength(6);
    const falls = points.slice(1).map(([, y], index) => (y as number) - (points[index]?.[1] as number));
    for (const fall of falls) expect(fall).toBeCloseTo(falls[0] as number, 0);
  });
});
