/**
 * The device of the page: the one that was chosen, acquired once and kept from run to run. The page asks for it itself and lends it to
 * Heddle, so that a canvas may draw what lies in Heddle's buffers.
 */

import { type DeviceInfo, HeddleError, init, shutdown } from 'heddle';
import type { DeviceChoice, DeviceReport } from './events.js';

interface Held {
  readonly choice: DeviceChoice;
  readonly report: DeviceReport;
  /** `null` on the CPU. */
  readonly gpu: GPUDevice | null;
  readonly software: boolean;
}

/** What networks want more of than WebGPU guarantees. */
const LIMITS = [
  'maxStorageBuffersPerShaderStage',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** One request waits for the other: a device is given back only once it has been had. */
let held: Promise<Held | null> = Promise.resolve(null);

/** Acquires the device of `choice`, giving the former back. Throws a `HeddleError` where `webgpu` cannot be had. */
export async function useDevice(choice: DeviceChoice): Promise<DeviceReport> {
  const next = held.then(async (before) => {
    if (before?.choice === choice) return before;
    await shutdown();
    before?.gpu?.destroy();
    return { choice, ...(await acquire(choice)) };
  });
  held = next.catch(() => null);
  return (await next).report;
}

/**
 * The device that programs run on, for those who draw from its buffers to a canvas; `null` on the CPU, and where a CPU plays the GPU: a
 * Chromium that composes without Vulkan, as such machines do, loses its GPU process, and every model in it, over the first WebGPU canvas.
 * For one that is known to stand it, `?canvas=webgpu` says so.
 */
export async function canvasGpu(): Promise<GPUDevice | null> {
  const { gpu = null, software = true } = (await held) ?? {};
  const stands = new URLSearchParams(location.search).get('canvas') === 'webgpu';
  return !software || stands ? gpu : null;
}

async function acquire(choice: DeviceChoice): Promise<Omit<Held, 'choice'>> {
  const onCpu = async (notice: string | null) => ({
    report: reportOf(await init({ device: 'cpu' }), notice),
    gpu: null,
    software: true,
  });
  if (choice === 'cpu') return onCpu(null);
  try {
    const gpu = await requestGpu();
    // Without one, Heddle's own attempt says what is at fault.
    const info = await init({ device: 'webgpu', ...(gpu && { gpuDevice: gpu }) });
    return { report: reportOf(info, null), gpu, software: info.adapter.software };
  } catch (error) {
    if (choice === 'webgpu' || !(error instanceof HeddleError)) throw error;
    return onCpu(`This runs on the CPU reference, which is slow. ${error.message}`);
  }
}

async function requestGpu(): Promise<GPUDevice | null> {
  const gpu = globalThis.navigator?.gpu as GPU | undefined;
  try {
    const adapter = (await gpu?.requestAdapter()) ?? null;
    return (
      (await adapter?.requestDevice({
        label: 'heddle',
        requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
      })) ?? null
    );
  } catch {
    return null;
  }
}

function reportOf({ kind, adapter }: DeviceInfo, notice: string | null): DeviceReport {
  const { vendor, architecture, description, software } = adapter;
  if (kind === 'cpu') return { kind, adapter: 'CPU reference', notice };
  const names = [vendor, architecture, description].filter((name) => name !== '');
  return { kind, adapter: `${names.join(' ')}${software ? ' (software)' : ''}`, notice };
}
