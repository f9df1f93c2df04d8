/** Which device programs run on: chosen by `init`, or acquired when it is first needed. */

import { adapterName } from '../core/adapter.js';
import { HeddleError, messageOf, rejectUnknownOptions, unknownName } from '../core/errors.js';
import type { AdapterSummary, Backend, BackendCounters } from './backend.js';
import { CpuBackend } from './cpu-backend.js';
import { type DeviceOptions, GpuBackend } from './gpu-backend.js';
import type { TuningStore } from './tuning-store.js';
import { entriesFor, type TuningTable } from './tuning-table.js';

export interface InitOptions extends DeviceOptions {
  /** `webgpu` fails where there is no adapter; `cpu` runs the reference. Default: WebGPU, else the CPU with a notice. */
  readonly device?: 'webgpu' | 'cpu';
  /** The seed of models and random ops that name none. Default 0. */
  readonly seed?: number;
  /**
   * A table of `tune()` for all programs, or where to look for one: `tuningStore()`; a store that cannot be read, and what it holds that
   * is none, counts for nothing, with a warning. Default `null`: none. Programs and models may have tables of their own, which go before it.
   */
  readonly tuning?: TuningTable | Pick<TuningStore, 'read'> | null;
}

/** The device in use. */
export interface DeviceInfo {
  readonly kind: 'webgpu' | 'cpu';
  readonly adapter: AdapterSummary;
}

const DEVICES = ['webgpu', 'cpu'] as const;
const OPTIONS = ['device', 'seed', 'powerPreference', 'gpuDevice', 'limits', 'tuning'] as const;

let options: InitOptions = {};
let backend: Promise<Backend> | null = null;

/**
 * Chooses the device for everything compiled from now on, acquires it, and tells which it is. Optional: without it the first program
 * acquires one. A borrowed `gpuDevice` is never destroyed. Programs and variables made before stay on their device.
 *
 * @throws HeddleError where `device: 'webgpu'` cannot be had; it says whether browser, flag, insecure context or adapter is at fault.
 * Also for what is no tuning table, and one of another adapter.
 */
export async function init(chosen: InitOptions = {}): Promise<DeviceInfo> {
  rejectUnknownOptions('init', chosen, OPTIONS);
  if (chosen.device !== undefined && !DEVICES.includes(chosen.device)) {
    throw unknownName('init', 'device', chosen.device, DEVICES);
  }
  options = chosen;
  backend = null;
  const { kind, adapter } = await currentBackend();
  return { kind, adapter };
}

/** The device that `init` chose, acquired on first use. A failure is not kept: the next call tries again. */
export function currentBackend(): Promise<Backend> {
  if (backend) return backend;
  const acquired: Promise<Backend> = acquire(options).catch((error: unknown) => {
    // A later `init` may have chosen another in the meantime.
    if (backend === acquired) backend = null;
    throw error;
  });
  backend = acquired;
  return acquired;
}

export const defaultSeed = (): number => options.seed ?? 0;

/** What the device in use did and holds: submits, dispatches, buffers made and alive. Acquires it if need be. */
export async function deviceCounters(): Promise<BackendCounters> {
  return (await currentBackend()).counters();
}

/** Releases the device and everything on it. A borrowed `GPUDevice` itself stays alive. */
export async function shutdown(): Promise<void> {
  const current = backend;
  backend = null;
  (await current)?.dispose();
}

async function acquire(chosen: InitOptions): Promise<Backend> {
  const acquired = await acquireDevice(chosen);
  try {
    await adoptTuning(acquired, chosen.tuning ?? null);
    return acquired;
  } catch (error) {
    acquired.dispose();
    throw error;
  }
}

async function adoptTuning(
  device: Backend,
  tuning: NonNullable<InitOptions['tuning']> | null,
): Promise<void> {
  if (!tuning) return;
  if (!('read' in tuning)) return device.adopt(entriesFor('init', tuning, device));
  try {
    const table = await tuning.read(adapterName(device.adapter));
    if (table) device.adopt(entriesFor('init', table, device));
  } catch (error) {
    // Only faster kernels are at stake: no page is to stay away for want of them.
    console.warn(`Heddle goes on without remembered tuning: ${messageOf(error)}`);
  }
}

async function acquireDevice(chosen: InitOptions): Promise<Backend> {
  if (chosen.device === 'cpu') return new CpuBackend();
  try {
    return await GpuBackend.acquire(chosen);
  } catch (error) {
    if (chosen.device === 'webgpu' || chosen.gpuDevice || !(error instanceof HeddleError)) throw error;
    console.warn(`Heddle runs on the CPU reference, which is slow: ${error.message}`);
    return new CpuBackend();
  }
}
