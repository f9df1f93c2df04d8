/**
 * Which adapter is measured. Where a machine has two, TensorFlow.js and jax-js ask for the fast one: everybody else must too, or ratios
 * compare two GPUs.
 */

import { UNNAMED_ADAPTER } from '../src/core/adapter.js';
import type { Identity } from './case.js';

export const ADAPTER_OPTIONS = { powerPreference: 'high-performance' } as const;

/** Throws where there is none. */
export async function requestAdapter(): Promise<GPUAdapter> {
  const adapter = await navigator.gpu.requestAdapter(ADAPTER_OPTIONS);
  if (!adapter) throw new Error('there is no WebGPU adapter');
  return adapter;
}

/** Throws where an engine runs on another adapter than the one that it is compared with. Who is silent about its own is believed. */
export function requireSameAdapter(own: Identity, other: Identity): void {
  const silent = [own.adapter, other.adapter].some((name) => name === UNNAMED_ADAPTER || name === NO_ADAPTER);
  if (silent || own.adapter === other.adapter) return;
  throw new Error(`it runs on '${other.adapter}', what it is compared with on '${own.adapter}'`);
}

/** Of an engine that could not start. */
export const NO_ADAPTER = 'none';
