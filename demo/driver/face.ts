/** What a program that drives the page finds at `window.heddleDemo`. Arguments and results cross as JSON. */

import type { ExampleInfo } from '../examples/catalogue.js';
import type { Driver } from './driver.js';
import type { DemoEvent, RunRequest, RunSummary, TestReport, VerifySummary } from './events.js';

/** A failure crosses as its message: an `Error` would arrive as an empty object. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

export interface DemoFace {
  list(): readonly ExampleInfo[];
  run(name: string, request: RunRequest, onEvent: (event: DemoEvent) => void): Promise<Outcome<RunSummary>>;
  stop(): void;
  verify(): Promise<Outcome<VerifySummary | null>>;
  /** The model file as base64. */
  save(): Promise<Outcome<string | null>>;
  report(): Promise<Outcome<TestReport | null>>;
}

declare global {
  var heddleDemo: DemoFace;
}

export function faceOf(driver: Driver): DemoFace {
  return {
    list: () => driver.list(),
    async run(name, request, onEvent) {
      const silence = driver.on(onEvent);
      try {
        return await outcomeOf(driver.run(name, request));
      } finally {
        silence();
      }
    },
    stop: () => driver.stop(),
    verify: () => outcomeOf(driver.verify()),
    save: () => outcomeOf(driver.save().then((bytes) => bytes && base64(bytes))),
    report: () => outcomeOf(driver.report()),
  };
}

async function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function base64(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([bytes]));
  });
}
