/** The one at the wheel: runs examples one at a time, for the page's own buttons and for the command alike. */

import { CATALOGUE, type ExampleInfo } from '../examples/catalogue.js';
import { unknownExample } from '../examples/find.js';
import { canvasGpu, useDevice } from './device.js';
import type {
  DemoEvent,
  DeviceChoice,
  DeviceReport,
  RunRequest,
  RunSummary,
  TestReport,
  VerifySummary,
  WriteRequest,
  Written,
} from './events.js';
import type { Features } from './features.js';
import { ExampleRun } from './run.js';

export class Driver {
  readonly #listeners = new Set<(event: DemoEvent) => void>();
  readonly #files: () => readonly File[];
  #run: ExampleRun | null = null;
  #busy = false;
  #stopAsked = false;

  /** `files` gives what the user brought along, asked at the start of each run. */
  constructor(files: () => readonly File[]) {
    this.#files = files;
  }

  /** Hears every event from now on; the result ends that. */
  on(listener: (event: DemoEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  list(): readonly ExampleInfo[] {
    return CATALOGUE;
  }

  /** The run on show: in work, or the last one. */
  get current(): ExampleRun | null {
    return this.#run;
  }

  get busy(): boolean {
    return this.#busy;
  }

  async device(choice: DeviceChoice): Promise<DeviceReport> {
    const device = await useDevice(choice);
    this.#tell({ type: 'device', device });
    return device;
  }

  /** Runs an example to its end, or until it is stopped. */
  async run(name: string, request: RunRequest = {}): Promise<RunSummary> {
    if (this.#busy) throw new Error('an example is running: stop it first');
    const info = CATALOGUE.find((one) => one.name === name);
    if (!info) throw unknownExample(name);
    this.#busy = true;
    this.#stopAsked = false;
    try {
      this.#run?.dispose();
      this.#run = null;
      this.#tell({ type: 'begin', example: info.name });
      this.#tell({ type: 'stage', text: 'asking for the device' });
      const device = await this.device(request.device ?? 'auto');
      const run = new ExampleRun(info.name, request, this.#files(), device, (event) => this.#tell(event));
      this.#run = run;
      if (this.#stopAsked) run.stop();
      return await run.start();
    } finally {
      this.#busy = false;
    }
  }

  /** Ends the run in work after a whole step; its `run()` then resolves to a summary that says so. */
  stop(): void {
    this.#stopAsked = true;
    this.#run?.stop();
  }

  /** The probabilities of the classes for a picture (bytes), from the model on show; `null` while there is none. */
  async classify(picture: Uint8Array): Promise<readonly number[] | null> {
    return (await this.#run?.classify(picture)) ?? null;
  }

  /** The probabilities of the classes for a text; `null` while there is no model that reads. */
  async read(text: string): Promise<readonly number[] | null> {
    return (await this.#run?.read(text)) ?? null;
  }

  /** What the model on show writes; `null` while there is none that does. */
  async write(request: WriteRequest): Promise<readonly Written[] | null> {
    return (await this.#run?.write(request)) ?? null;
  }

  /** What the first convolution of the model on show looks for; `null` where there is none. */
  async features(): Promise<Features | null> {
    return (await this.#run?.features()) ?? null;
  }

  /** The GPU that the models lie on, where a canvas can be drawn on it; else `null`. */
  canvasGpu(): Promise<GPUDevice | null> {
    return canvasGpu();
  }

  async verify(): Promise<VerifySummary | null> {
    return (await this.#run?.verify()) ?? null;
  }

  async save(): Promise<Uint8Array<ArrayBuffer> | null> {
    return (await this.#run?.save()) ?? null;
  }

  async report(): Promise<TestReport | null> {
    return (await this.#run?.report()) ?? null;
  }

  #tell(event: DemoEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
