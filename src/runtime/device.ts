/** Acquires a GPU device, or borrows the caller's. Nothing here looks at `navigator` before it is called. */

import { isSoftwareAdapter } from '../core/adapter.js';
import type { Capabilities } from '../kernels/kernel.js';
import { type AdapterInfo, GpuContext } from './context.js';
import { refusal } from './refusal.js';

export interface DeviceOptions {
  /** Which adapter to prefer where there are several. Default: the browser's choice. */
  readonly powerPreference?: GPUPowerPreference;
  /** A device to borrow. Its limits stay as they are, and it is never destroyed. */
  readonly gpuDevice?: GPUDevice;
  /** `adapter` (default) asks for all that the adapter has, `default` for WebGPU's guaranteed minimum. */
  readonly limits?: 'adapter' | 'default';
}

/** Limits worth raising: buffers, their bindings, and the size of a workgroup. */
const RAISED = [
  'maxStorageBuffersPerShaderStage',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** Wanted where the adapter has them: times of passes, and values shared within a subgroup. */
const FEATURES: readonly GPUFeatureName[] = ['timestamp-query', 'subgroups'];

/**
 * A context on a new device, with the adapter's own limits, or on `options.gpuDevice`.
 *
 * Throws a `HeddleError` with `op: 'device'` and `values.culprit` one of `browser`, `insecure context`, `flag`, `adapter`
 * where there is none to be had.
 */
export async function acquireDevice(options: DeviceOptions = {}): Promise<GpuContext> {
  const { gpuDevice } = options;
  if (gpuDevice) {
    return new GpuContext({
      device: gpuDevice,
      borrowed: true,
      ...described(gpuDevice, gpuDevice.adapterInfo),
    });
  }
  const around = {
    secure: globalThis.isSecureContext as boolean | undefined,
    userAgent: globalThis.navigator?.userAgent ?? '',
  };
  const gpu = globalThis.navigator?.gpu as GPU | undefined;
  if (!gpu) throw refusal({ ...around, gpu: false });
  try {
    const adapter = await gpu.requestAdapter(
      options.powerPreference ? { powerPreference: options.powerPreference } : {},
    );
    if (adapter) {
      const device = await requestDevice(adapter, options.limits ?? 'adapter');
      return new GpuContext({ device, borrowed: false, ...described(device, adapter.info) });
    }
  } catch (cause) {
    throw refusal({ ...around, gpu: true, cause });
  }
  throw refusal({ ...around, gpu: true });
}

function requestDevice(adapter: GPUAdapter, limits: 'adapter' | 'default'): Promise<GPUDevice> {
  const requiredLimits: Record<string, number> = {};
  if (limits === 'adapter') for (const name of RAISED) requiredLimits[name] = adapter.limits[name];
  const requiredFeatures = FEATURES.filter((name) => adapter.features.has(name));
  return adapter.requestDevice({ label: 'heddle', requiredLimits, requiredFeatures });
}

/** What a device is, from its adapter's words and its own limits. Older browsers leave the words out. */
function described(
  device: GPUDevice,
  info: GPUAdapterInfo | undefined,
): { adapter: AdapterInfo; capabilities: Capabilities } {
  const {
    vendor = '',
    architecture = '',
    device: name = '',
    description = '',
    isFallbackAdapter,
    subgroupMinSize = 1,
  } = info ?? {};
  const software = isFallbackAdapter === true || isSoftwareAdapter(info);
  const { limits } = device;
  return {
    adapter: { vendor, architecture, device: name, description, software },
    capabilities: {
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      minStorageBufferOffsetAlignment: limits.minStorageBufferOffsetAlignment,
      software,
      subgroupSize: device.features.has('subgroups') ? subgroupMinSize : 1,
      tuning: new Map(),
    },
  };
}
