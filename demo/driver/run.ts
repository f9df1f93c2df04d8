/** One run of one example: the context that it reports to, the figures it leaves, and the model that stays for verifying and saving. */

import { deviceCounters, type FitRun, type History, type Model, type Program, save, verify } from 'heddle';
import { CATALOGUE, type ExampleInfo, type ExampleName } from '../examples/catalogue.js';
import type { ExampleContext, ExampleResult, Shown } from '../examples/example.js';
import { EXAMPLES } from '../examples/index.js';
import type {
  DemoEvent,
  DeviceReport,
  PlanReport,
  RunRequest,
  RunSummary,
  TestReport,
  VerifySummary,
  WriteRequest,
  Written,
} from './events.js';
import { Features } from './features.js';
import { classify, drawnStrip, predictRows, SAMPLES, testReport } from './predictions.js';
import { readReport, readTexts } from './reading.js';
import { Recorder } from './recorder.js';

/** Until somebody asks for another. */
const TEMPERATURE = 0.7;
/** Milliseconds between live predictions. */
const LIVE_MS = 600;

type Counters = Awaited<ReturnType<typeof deviceCounters>>;

export class ExampleRun {
  readonly info: ExampleInfo;
  readonly #device: DeviceReport;
  readonly #request: RunRequest;
  readonly #files: readonly File[];
  readonly #tell: (event: DemoEvent) => void;
  readonly #recorder: Recorder;
  readonly #abort = new AbortController();
  readonly #models = new Set<Model>();
  #shown: Shown | null = null;
  #features: Promise<Features | null> | null = null;
  #plan: PlanReport | null = null;
  #asked: WriteRequest = { prefix: '', temperature: TEMPERATURE };
  #seconds = 0;
  #submits = 0;
  #passes = 0;

  constructor(
    name: ExampleName,
    request: RunRequest,
    files: readonly File[],
    device: DeviceReport,
    tell: (event: DemoEvent) => void,
  ) {
    this.info = CATALOGUE.find((one) => one.name === name) as ExampleInfo;
    this.#device = device;
    this.#request = request;
    this.#files = files;
    this.#tell = tell;
    this.#recorder = new Recorder(tell);
  }

  /** What reads texts. */
  get reader(): Shown['reader'] {
    return this.#shown?.reader;
  }

  /** What writes texts. */
  get writer(): Shown['writer'] {
    return this.#shown?.writer;
  }

  /** The pictures that predictions are about. */
  get test(): Shown['test'] {
    return this.#shown?.test;
  }

  /** Ends training after the step in work. */
  stop(): void {
    this.#abort.abort();
  }

  async start(): Promise<RunSummary> {
    this.#stage('building the model');
    const result = await this.#finished();
    const { stopped } = result;
    if (!stopped && !this.#plan) this.#showPlan();
    if (this.#request.live !== false) await this.#predict();
    else if (!stopped) await this.#showOutputs();
    const summary = this.#summary(result);
    this.#tell({ type: 'end', summary });
    return summary;
  }

  /** Verifies the very program that trained (or, where nothing was trained, that computed). `null` on the CPU, which is the reference. */
  async verify(): Promise<VerifySummary | null> {
    if (!this.#shown || this.#device.kind === 'cpu') return null;
    const { model, program } = this.#shown;
    const report = program ? await verify(program, this.#shown.feeds) : await verify(model);
    const { worstOp, worstBudgetRatio, passed } = report;
    const steps = report.steps.map((step) => ({
      step: step.label,
      layer: step.layer,
      variant: step.variant,
      elements: step.elements,
      worstBudgetRatio: step.worstBudgetRatio.toPrecision(3),
      passed: step.passed,
    }));
    return { worstOp, worstBudgetRatio, passed, steps, text: report.print() };
  }

  /** The model as a file. */
  async save(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#shown ? save(this.#shown.model) : null;
  }

  /** All test pictures or texts, counted. `null` for an example without any. */
  async report(): Promise<TestReport | null> {
    const { model, test, reader } = this.#shown ?? {};
    if (reader) return readReport(reader);
    return model && test ? testReport(model, test) : null;
  }

  /** The probabilities of the classes for one picture; `null` before there is a classifier. */
  async classify(picture: Uint8Array): Promise<readonly number[] | null> {
    const { model, test } = this.#shown ?? {};
    return model && test ? classify(model, picture) : null;
  }

  /** The probabilities of the classes for a text; `null` where the model on show reads none. */
  async read(text: string): Promise<readonly number[] | null> {
    return (await this.#shown?.reader?.shares([text]))?.[0] ?? null;
  }

  /** What the model on show writes; from now on it is asked for the same while it trains. `null` where it does not write. */
  async write(request: WriteRequest): Promise<readonly Written[] | null> {
    this.#asked = request;
    return (await this.#shown?.writer?.write(request)) ?? null;
  }

  /** What the first convolution looks for; `null` where there is none, or no pictures to look at. */
  async features(): Promise<Features | null> {
    const { model, test } = this.#shown ?? {};
    if (!model || !test) return null;
    this.#features ??= Features.of(model);
    return this.#features;
  }

  dispose(): void {
    this.#features?.then((features) => features?.dispose()).catch(() => {});
    this.#features = null;
    this.#shown?.writer?.dispose();
    for (const model of this.#models) model.dispose();
    this.#models.clear();
    this.#shown?.program?.dispose();
    this.#shown = null;
  }

  #stage(text: string): void {
    this.#tell({ type: 'stage', text });
  }

  async #finished(): Promise<ExampleResult & { readonly stopped: boolean }> {
    try {
      return { ...(await EXAMPLES[this.info.name](this.#context())), stopped: false };
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
      const details = [`stopped after step ${this.#recorder.done}; the weights are those of that step`];
      return { details, passed: false, stopped: true };
    } finally {
      this.#recorder.flush();
    }
  }

  #context(): ExampleContext {
    const { epochs, batchSize, seed } = { ...this.info.defaults, ...this.#request };
    return {
      epochs,
      batchSize,
      seed,
      dataUrl: new URL('.', document.baseURI).href,
      files: this.#files,
      signal: this.#abort.signal,
      onCompile: (done, total) => this.#stage(`compiling ${done} of ${total} pipelines`),
      stage: (text) => {
        this.#abort.signal.throwIfAborted();
        this.#stage(text);
      },
      show: (shown) => this.#show(shown),
      follow: (run, series = 'loss') => this.#follow(run, series),
      epochEnd: (epoch, logs, curves = {}) => {
        this.#recorder.flush();
        this.#tell({ type: 'epoch', epoch, logs, curves, done: this.#recorder.done });
      },
      wrote: (request, texts) => this.#tell({ type: 'written', request, texts }),
    };
  }

  #show(shown: Shown): void {
    this.#shown = shown;
    this.#features = null;
    this.#models.add(shown.model);
    this.#plan = null;
    this.#recorder.extent = { stepsPerEpoch: shown.stepsPerEpoch ?? 1, total: shown.steps ?? 0 };
  }

  async #follow(run: FitRun, series: string): Promise<History> {
    const before = await deviceCounters();
    const began = performance.now();
    const ended = new AbortController();
    const listening = async (): Promise<void> => {
      for await (const event of run) {
        if (!this.#plan) this.#showPlan();
        this.#recorder.record(series, event);
      }
    };
    // All three at once, so that a failure of training is nobody's loose end.
    const [outcome, heard, predicted] = await Promise.allSettled([
      Promise.resolve(run).finally(() => ended.abort()),
      listening(),
      this.#predictLive(ended.signal),
    ]);
    this.#recorder.flush();
    this.#seconds += (performance.now() - began) / 1000;
    this.#count(before, await deviceCounters());
    for (const settled of [outcome, heard, predicted])
      if (settled.status === 'rejected') throw settled.reason;
    return (outcome as PromiseFulfilledResult<History>).value;
  }

  #count(before: Counters, after: Counters): void {
    this.#submits += after.submits - before.submits;
    this.#passes += after.passes - before.passes;
  }

  async #predictLive(ended: AbortSignal): Promise<void> {
    if (this.#request.live === false) return;
    while (!ended.aborted) {
      if (this.#recorder.done > 0) await this.#predict();
      await new Promise((resolve) => {
        setTimeout(resolve, LIVE_MS);
        ended.addEventListener('abort', resolve, { once: true });
      });
    }
  }

  async #predict(): Promise<void> {
    const { model, test } = this.#shown ?? {};
    if (model && test) {
      const predictions = await predictRows(model, test, SAMPLES);
      this.#tell({ type: 'predictions', predictions });
    }
    const { reader, writer } = this.#shown ?? {};
    if (reader) this.#tell({ type: 'read', texts: await readTexts(reader, SAMPLES) });
    const request = this.#asked;
    if (writer) this.#tell({ type: 'written', request, texts: await writer.write(request) });
    await this.#showOutputs();
  }

  /** What the model on show makes of what it never trained on. */
  async #showOutputs(): Promise<void> {
    const strips = await this.#shown?.strips?.();
    if (strips) this.#tell({ type: 'strips', strips: strips.map(drawnStrip) });
    const plot = await this.#shown?.plot?.();
    if (plot) this.#tell({ type: 'plot', plot });
  }

  /** The plan of the program on show; there is none before the first step, nor on the CPU. */
  #showPlan(): void {
    const program = this.#program();
    if (!program || this.#device.kind === 'cpu') return;
    const { dispatches, kernels, arenas, peakBytes, lowerBoundBytes } = program.stats();
    this.#plan = {
      name: program.name,
      dispatches,
      kernels,
      arenas,
      peakBytes,
      lowerBoundBytes,
      text: program.print(),
    };
    this.#tell({ type: 'plan', plan: this.#plan });
  }

  #program(): Program | null {
    if (!this.#shown) return null;
    const { model, program } = this.#shown;
    return program ?? model.program;
  }

  #summary(result: ExampleResult & { readonly stopped: boolean }): RunSummary {
    const { epochs, batchSize, seed } = { ...this.info.defaults, ...this.#request };
    const gpu = this.#device.kind === 'webgpu';
    return {
      example: this.info.name,
      device: this.#device.kind,
      adapter: this.#device.adapter,
      stopped: result.stopped,
      passed: result.stopped ? null : result.passed,
      testAccuracy: result.accuracy ?? null,
      testLoss: result.loss ?? null,
      measuredOn: result.measuredOn ?? null,
      details: result.details,
      epochs,
      batchSize,
      seed,
      steps: this.#recorder.done,
      seconds: this.#seconds,
      dispatchesPerStep: this.#plan?.dispatches ?? null,
      passesPerSubmit: gpu && this.#submits > 0 ? this.#passes / this.#submits : null,
      submits: gpu ? this.#submits : null,
      peakBytes: this.#plan?.peakBytes ?? null,
      lowerBoundBytes: this.#plan?.lowerBoundBytes ?? null,
    };
  }
}
