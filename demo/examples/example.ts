/** What an example is to the page and the command that run it: a function that is handed this context and reports through it. */

import type { Feeds, FitRun, History, Model, Program } from 'heddle';
import type { PackedImages } from '../data/datasets.js';
import type { Curves, Plot, WriteRequest, Written } from '../driver/events.js';
import type { RunSettings } from './catalogue.js';

export interface ExampleContext extends RunSettings {
  /** The folder of the packed data sets. */
  readonly dataUrl: string;
  /** What the user brought along, see `takes` in the catalogue; empty where nothing was. */
  readonly files: readonly File[];
  /** Aborted when the user stops; `fit` takes it as it is. */
  readonly signal: AbortSignal;
  /** Counts the pipelines that are ready; `fit` and `compile` take it as it is. */
  readonly onCompile: (done: number, total: number) => void;
  /** Says what goes on: "loading 10,000 images". */
  stage(text: string): void;
  /** Puts a model on show: its plan, its file, its predictions while it trains. */
  show(shown: Shown): void;
  /** Hands the steps of a run to the chart, as the line called `series`, and resolves to the history. */
  follow(run: FitRun, series?: string): Promise<History>;
  /** An epoch's means that no step has, such as `{ val_accuracy }`, and what the charts are to show of it. */
  epochEnd(epoch: number, logs: Readonly<Record<string, number>>, curves?: Curves): void;
  /** Shows what a model wrote. */
  wrote(request: WriteRequest, texts: readonly Written[]): void;
}

export interface Shown {
  readonly model: Model;
  /** The program to print and verify; default: the one that trains the model. */
  readonly program?: Program;
  /** What `program` is run on. */
  readonly feeds?: Feeds;
  /** Steps that `fit` will make in an epoch, and in all. */
  readonly stepsPerEpoch?: number;
  readonly steps?: number;
  /** Pictures that the model never trains on. */
  readonly test?: PackedImages;
  /** What the model makes of some pictures, as rows to look at; asked for now and then while it trains. */
  readonly strips?: () => Promise<readonly Strip[]>;
  /** What the model makes of a series, as lines to look at; asked for as `strips` is. */
  readonly plot?: () => Promise<Plot>;
  /** Texts that the model never trains on, and how it reads them. */
  readonly reader?: Reader;
  readonly writer?: Writer;
}

/** A classifier of texts. */
export interface Reader {
  readonly classNames: readonly string[];
  /** What the model never trains on, with the class of each. */
  readonly texts: readonly string[];
  readonly labels: readonly number[];
  /** The probability of each class for each of `texts`. */
  shares(texts: readonly string[]): Promise<readonly (readonly number[])[]>;
}

/** A model that writes. */
export interface Writer {
  /** What it writes, in the plural: `titles`. */
  readonly kind: string;
  write(request: WriteRequest): Promise<readonly Written[]>;
  /** Frees what it has on the device beside the model. */
  dispose(): void;
}

/** A row of gray pictures. */
export interface Strip {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** From 0, black, to 1, white: picture after picture, each row by row. */
  readonly pixels: Float32Array;
  /** One for each picture. */
  readonly captions?: readonly string[];
}

export interface ExampleResult {
  readonly accuracy?: number;
  readonly loss?: number;
  /** What the two were measured on: "10,000 test images". */
  readonly measuredOn?: string;
  /** The outcome in words, a line each. */
  readonly details: readonly string[];
  /** Whether the example kept what it promises. */
  readonly passed: boolean;
}

export type Example = (context: ExampleContext) => Promise<ExampleResult>;
