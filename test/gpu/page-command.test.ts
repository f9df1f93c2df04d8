// `npm run train`, as a user runs it: a process of its own, its output, its files, its exit code.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from '../../src/formats/safetensors.js';
import { commandInto } from './command.js';

const full = process.env.FULL === '1';
const out = mkdtempSync(join(tmpdir(), 'heddle-train-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

const { start, startWith, json, read } = commandInto(out);

describe('an example from the command line', () => {
  it('celsius: 100 °C within 1.5 °F of 212, verified, with model and report', async () => {
    const { result, stderr } = await json('--example', 'celsius');
    const degrees = Number(/100 °C is ([\d.]+) °F/.exec(stderr)?.[1]);
    expect(Math.abs(degrees - 212)).toBeLessThanOrEqual(1.5);
    expect(stderr).toMatch(/compiling \d+ of \d+ pipelines/);
    expect(result).toMatchObject({
      example: 'celsius',
      device: 'webgpu',
      epochs: 500,
      steps: 500,
      passed: true,
    });
    expect(result).toMatchObject({ testAccuracy: null, testLoss: null });
    expect(result.dispatchesPerStep).toBeLessThanOrEqual(8);
    expect(result.verify).toMatchObject({ passed: true });
    expect(result.verify?.worstBudgetRatio).toBeLessThanOrEqual(1);
    const { tensors } = parse(read('celsius.safetensors'), 'celsius');
    expect(tensors.get('weights/dense_1/kernel')?.data[0]).toBeCloseTo(1.8, 1);
    expect(read('celsius.html').toString()).toContain('<polyline');
  });

  it.runIf(full)('ten-times: both learning rates, the larger one nearer', async () => {
    const { result, stderr } = await json('--example', 'ten-times');
    const [fast, slow] = [...stderr.matchAll(/10 × 11 is ([\d.]+)/g)].map((match) => Number(match[1]));
    expect(Math.abs(Number(fast) - 110)).toBeLessThan(Math.abs(Number(slow) - 110));
    expect(result).toMatchObject({ steps: 1000, passed: true, verify: { passed: true } });
  });

  it("two-nodes: the GPU's numbers are exactly those of the formulas", async () => {
    const { result, stderr } = await json('--example', 'two-nodes');
    for (const line of ['= 5', '= 1', '= 9', 'the device says 5, 1, 9: exactly equal'])
      expect(stderr).toContain(line);
    expect(result).toMatchObject({
      epochs: 0,
      steps: 0,
      passed: true,
      verify: { passed: true, worstBudgetRatio: 0 },
    });
  });

  it.runIf(full)('digits: held out, counted, drawn', async () => {
    const { result, stderr } = await json('--example', 'digits');
    expect(stderr).toContain('validation accuracy on held-out digits');
    expect(stderr).not.toMatch(/MNIST test/);
    expect(result.measuredOn).toBe('validation: 3000 held-out digits');
    expect(result.testAccuracy).toBeGreaterThanOrEqual(0.9);
    expect(result.verify?.passed).toBe(true);
    expect(
      read('digits.html')
        .toString()
        .match(/<figure/g),
    ).toHaveLength(25);
  });

  it.runIf(full)('fashion-mnist: 60,000 images from the first step to the report', async () => {
    const { result } = await json('--example', 'fashion-mnist');
    expect(result.steps).toBe(9375);
    expect(result.testAccuracy).toBeGreaterThanOrEqual(0.87);
    expect(result.dispatchesPerStep).toBeLessThanOrEqual(10);
    expect(result.peakBytes).toBeLessThanOrEqual(1.25 * (result.lowerBoundBytes as number));
    expect(result.verify?.passed).toBe(true);
    expect(read('fashion-mnist.html').toString()).toContain('class="confusion"');
  });

  // A software adapter takes minutes for these. `fashion-cnn` takes it an hour: docs/examples.md has what it came to.
  it.runIf(full).each([
    ['digits-cnn', 0.97, 24],
    ['fashion-resnet', 0.88, 95],
  ] as const)(
    '%s: an accuracy of at least %d, in at most %d dispatches a step',
    {
      timeout: 1_800_000,
    },
    async (example, accuracy, dispatches) => {
      const { result } = await json('--example', example);
      expect(result.testAccuracy).toBeGreaterThanOrEqual(accuracy);
      expect(result.dispatchesPerStep).toBeLessThanOrEqual(dispatches);
      expect(result.verify?.passed).toBe(true);
    },
  );

  it.runIf(full)(
    'denoise: at most a fifth of the noise is left, and the report shows it',
    {
      timeout: 900_000,
    },
    async () => {
      const { result, stderr } = await json('--example', 'denoise');
      const [restored, noisy] = [
        ...(/error ([\d.]+) after restoring, ([\d.]+) before/.exec(stderr) ?? []),
      ].slice(1);
      expect(Number(restored)).toBeLessThanOrEqual(Number(noisy) / 5);
      expect(result).toMatchObject({ passed: true, testAccuracy: null, verify: { passed: true } });
      expect(
        read('denoise.html')
          .toString()
          .match(/<figure class="strip"/g),
      ).toHaveLength(3);
    },
  );

  it.runIf(full)('on the CPU: the reference trains, and has no plan and nothing to verify', async () => {
    const { result } = await json('--example', 'celsius', '--device', 'cpu', '--epochs', '20');
    expect(result).toMatchObject({
      device: 'cpu',
      steps: 20,
      verify: null,
      dispatchesPerStep: null,
      submits: null,
    });
  });

  it('an unknown name: the nearest valid one, exit code 2', async () => {
    const { code, stderr } = await start('--example', 'celcius').ended;
    expect(code).toBe(2);
    expect(stderr).toContain("did you mean 'celsius'");
  });

  it('a browser that does not start: says so, exit code 1, at once', { timeout: 30_000 }, async () => {
    const { ended } = startWith({ CHROME_PATH: '/nonexistent' }, '--example', 'celsius');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('CHROME_PATH is "/nonexistent", which does not start');
  });
});

// Elsewhere there is no /proc to see the browser end in.
describe.runIf(process.platform === 'linux')('Ctrl-C', () => {
  it.each(full ? (['SIGINT', 'SIGTERM'] as const) : (['SIGINT'] as const))(
    '%s ends after a whole step: weights saved, browser closed, exit code 130',
    async (signal) => {
      const { child, ended, seen } = start('--json', '--example', 'celsius', '--epochs', '100000');
      await seen(/epoch \d+\/100000/);
      const family = descendants(child.pid as number);
      expect(family.length, 'the browser is a child of the command').toBeGreaterThan(0);
      child.kill(signal);
      const { code, stdout, stderr } = await ended;
      expect(code, stderr).toBe(130);
      const result = JSON.parse(stdout.trimEnd());
      expect(result).toMatchObject({ stopped: true, passed: null, verify: null });
      expect(result.steps).toBeGreaterThan(0);
      expect(result.steps).toBeLessThan(100_000);
      const { tensors } = parse(read('celsius.safetensors'), 'celsius');
      // The file counts its own steps: it holds the weights of the very step that was reported last.
      expect(tensors.get('control/step')?.data[0]).toBe(result.steps);
      expect(family.filter(alive)).toEqual([]);
    },
  );

  it('ends at once while the browser is still starting', { timeout: 30_000 }, async () => {
    const slow = join(out, 'slow-chrome.sh');
    const begun = join(out, 'begun');
    writeFileSync(slow, `#!/bin/sh\n[ "$1" = --version ] && exit 0\n: > '${begun}'\nexec sleep 300\n`, {
      mode: 0o755,
    });
    const { child, ended } = startWith({ CHROME_PATH: slow }, '--example', 'celsius');
    await expect.poll(() => existsSync(begun), { timeout: 20_000 }).toBe(true);
    const family = descendants(child.pid as number);
    expect(family.length).toBeGreaterThan(0);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    await expect.poll(() => family.filter(alive), { timeout: 5000 }).toEqual([]);
  });

  it.runIf(full)('a second one ends at once', async () => {
    const { child, ended, seen } = start('--json', '--example', 'celsius', '--epochs', '100000');
    await seen(/epoch \d+\/100000/);
    const family = descendants(child.pid as number);
    child.kill('SIGINT');
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout).toBe('');
    await expect.poll(() => family.filter(alive), { timeout: 5000 }).toEqual([]);
  });
});

/** Every process below `pid`, from Linux's own list. */
function descendants(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const below = (of: number): number[] =>
    parents.filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0; // It has ended since the list was read.
  }
}

/** A zombie has ended: it only waits for its parent to take note. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
