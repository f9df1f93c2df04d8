/** The adapter that the browser gives to pages: its name, what it offers, and its limits. */

import { adapterName } from '../../src/core/adapter.js';
import { ADAPTER_OPTIONS } from '../adapter.js';
import { threeDigits } from '../format.js';
import type { Roof } from '../roofline.js';
import { element } from './element.js';

/** Those that kernels are shaped by. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;

const FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** Fills `place`; says so where there is no adapter. */
export async function showAdapter(place: HTMLElement): Promise<void> {
  const gpu: GPU | undefined = navigator.gpu;
  const adapter = await gpu?.requestAdapter(ADAPTER_OPTIONS);
  if (!adapter) {
    place.replaceChildren(
      element(
        'p',
        'failed',
        gpu
          ? '✕ WebGPU is here, but no adapter: nothing can be measured.'
          : '✕ This browser offers this page no WebGPU: nothing can be measured.',
      ),
    );
    return;
  }
  const details = element('details');
  const list = element('dl');
  for (const name of LIMITS) list.append(...entry(name, amount(adapter.limits[name])));
  list.append(
    ...entry('features', FEATURES.filter((name) => adapter.features.has(name)).join(', ') || 'none of ours'),
  );
  details.append(element('summary', '', 'Limits'), list);
  place.replaceChildren(
    element('p', '', `Adapter: ${adapterName(adapter.info)}`),
    element('p', 'roof'),
    details,
  );
}

/** What was measured, beside what is said. */
export function showRoof(place: HTMLElement, { gflops, gbps }: Roof): void {
  const words = place.querySelector('.roof');
  if (words)
    words.textContent = `Measured: ${threeDigits(gflops)} GFLOP/s, ${threeDigits(gbps)} GB/s at best.`;
}

const entry = (name: string, value: string): HTMLElement[] => [
  element('dt', '', name),
  element('dd', '', value),
];

/** Bytes in powers of two where they are such. */
function amount(value: number): string {
  const [kibi, mebi, gibi] = [2 ** 10, 2 ** 20, 2 ** 30];
  if (value >= gibi) return `${Number((value / gibi).toFixed(2))} Gi`;
  if (value >= mebi) return `${Number((value / mebi).toFixed(2))} Mi`;
  return value >= 16 * kibi && value % kibi === 0 ? `${value / kibi} Ki` : String(value);
}
