/** What a run tells while it goes on, and at its end. Everything here is plain JSON: the command hears it in another process. */

import type { ExampleName, RunSettings } from '../examples/catalogue.js';

export type DeviceChoice = 'auto' | 'webgpu' | 'cpu';

export interface RunRequest extends Partial<RunSettings> {
  /** Default `auto`: WebGPU, else the CPU reference with a notice. */
  readonly device?: DeviceChoice;
  /** Whether to predict now and then while training, for someone who watches. Default true. */
  readonly live?: boolean;
}

export interface DeviceReport {
  readonly kind: 'webgpu' | 'cpu';
  readonly adapter: string;
  /** Why it is not the GPU, where that was not asked for. */
  readonly notice: string | null;
}

export interface StepReport {
  /** The line of the chart that it belongs to. */
  readonly series: string;
  /** From 1, over the whole run of that series. */
  readonly step: number;
  /** From 0. */
  readonly epoch: number;
  /** From 0, within the epoch. */
  readonly batch: number;
  readonly size: number;
  readonly loss: number;
  readonly accuracy: number | null;
}

/** The line that a step's `metric` belongs to in the chart of that metric: a run without a name has the metric's. */
export const lineOf = ({ series }: StepReport, metric: string): string =>
  series === 'loss' ? metric : series;

export interface PlanReport {
  readonly name: string;
  readonly dispatches: number;
  readonly kernels: number;
  readonly arenas: number;
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
  readonly text: string;
}

/** What the model makes of one picture. */
export interface Predicted {
  /** The row of the test images. */
  readonly row: number;
  readonly truth: number;
  readonly predicted: number;
  /** The probability that the model gives its prediction, 0 to 1. */
  readonly confidence: number;
}

/** What the model makes of one text. */
export interface ReadText extends Predicted {
  readonly text: string;
}

/** Points of further lines in the charts, by the name of the line: what was held out, and what it is measured by. */
export interface Curves {
  readonly loss?: Readonly<Record<string, number>>;
  readonly accuracy?: Readonly<Record<string, number>>;
}

/** A text that a model wrote. */
export interface Written {
  readonly text: string;
  /** Whether it is one of those that the model learned from, word for word. */
  readonly known: boolean;
}

/** What a model is asked to write. */
export interface WriteRequest {
  /** What each text begins with; may be empty. */
  readonly prefix: string;
  /** Below 1 the likely becomes likelier, above 1 all becomes more alike. Positive. */
  readonly temperature: number;
}

/** A row of pictures, each a data URL. */
export interface DrawnStrip {
  readonly title: string;
  readonly images: readonly string[];
  /** One for each picture. */
  readonly captions?: readonly string[];
}

/** Lines over a common x axis, such as a forecast over the true curve. */
export interface Plot {
  readonly title: string;
  /** What the axes count: "year", "ppm". */
  readonly axes: readonly [x: string, y: string];
  readonly lines: readonly PlotLine[];
}

/** `x` rises; both are of the same length. */
export interface PlotLine {
  readonly name: string;
  /** What is so, what the model makes of it, or what is to be beaten. */
  readonly kind: 'truth' | 'model' | 'baseline';
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export type DemoEvent =
  | { readonly type: 'begin'; readonly example: ExampleName }
  | { readonly type: 'device'; readonly device: DeviceReport }
  | { readonly type: 'stage'; readonly text: string }
  | { readonly type: 'plan'; readonly plan: PlanReport }
  | {
      readonly type: 'steps';
      readonly steps: readonly StepReport[];
      /** Steps done and to do, over all series. */
      readonly done: number;
      readonly total: number;
      readonly stepsPerEpoch: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      readonly logs: Readonly<Record<string, number>>;
      readonly curves: Curves;
      /** Steps done by then, over all series. */
      readonly done: number;
    }
  | { readonly type: 'predictions'; readonly predictions: readonly Predicted[] }
  | { readonly type: 'read'; readonly texts: readonly ReadText[] }
  | { readonly type: 'written'; readonly request: WriteRequest; readonly texts: readonly Written[] }
  | { readonly type: 'strips'; readonly strips: readonly DrawnStrip[] }
  | { readonly type: 'plot'; readonly plot: Plot }
  | { readonly type: 'end'; readonly summary: RunSummary };

export interface RunSummary {
  readonly example: ExampleName;
  readonly device: 'webgpu' | 'cpu';
  readonly adapter: string;
  /** Ended early, after a whole step. */
  readonly stopped: boolean;
  /** What the example is for came true; `null` where it was stopped. */
  readonly passed: boolean | null;
  readonly testAccuracy: number | null;
  readonly testLoss: number | null;
  readonly measuredOn: string | null;
  readonly details: readonly string[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly steps: number;
  /** From the first `fit` to the end of the last, compiling included. */
  readonly seconds: number;
  /** Those of the CPU reference are `null`: it has no plan. */
  readonly dispatchesPerStep: number | null;
  readonly passesPerSubmit: number | null;
  readonly submits: number | null;
  readonly peakBytes: number | null;
  readonly lowerBoundBytes: number | null;
}

export interface VerifiedStep {
  readonly step: string;
  readonly layer: string;
  readonly variant: string;
  readonly elements: number;
  /** A number as text: infinity has no JSON. */
  readonly worstBudgetRatio: string;
  readonly passed: boolean;
}

export interface VerifySummary {
  readonly worstOp: string;
  readonly worstBudgetRatio: number;
  readonly passed: boolean;
  readonly steps: readonly VerifiedStep[];
  readonly text: string;
}

export interface TestReport {
  readonly classNames: readonly string[];
  /** `confusion[truth][predicted]` counts pictures. */
  readonly confusion: readonly (readonly number[])[];
  /** `image` is a data URL. */
  readonly samples: readonly (ReadText | (Predicted & { readonly image: string }))[];
}
