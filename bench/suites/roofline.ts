/** The limits that kernels are judged by. */

import { adapterName } from '../../src/core/adapter.js';
import { requestAdapter } from '../adapter.js';
import { type BenchCase, type Contestant, NOTHING_EXPECTED, type Size } from '../case.js';
import { measureGbps, measureGflops, onPlainDevice } from '../roofline.js';

type Measure = (device: GPUDevice, size: Size) => Promise<number>;

export const rooflineSuite = (size: Size): BenchCase[] => [
  caseOf(size, {
    name: 'multiply-add',
    about: 'float32 multiply-adds in registers, each two operations, by the fastest of several plain kernels',
    unit: 'GFLOP/s',
    measure: measureGflops,
  }),
  caseOf(size, {
    name: 'copy',
    about:
      'bytes read and written by copies between buffers far larger than caches, of kernels or of WebGPU itself',
    unit: 'GB/s',
    measure: measureGbps,
  }),
];

interface Limit extends Pick<BenchCase, 'name' | 'about' | 'unit'> {
  readonly measure: Measure;
}

const caseOf = (size: Size, { measure, ...limit }: Limit): BenchCase => ({
  suite: 'roofline',
  ...limit,
  runs: 3,
  expected: () => NOTHING_EXPECTED,
  contestants: [plain(measure, size)],
});

const plain = (measure: Measure, size: Size): Contestant => ({
  engine: 'heddle',
  async describe() {
    const { info } = await requestAdapter();
    return { version: '(plain WebGPU)', adapter: adapterName(info) };
  },
  async open() {
    const sample = (): Promise<number> => onPlainDevice((device) => measure(device, size));
    return {
      results: async () => [],
      async run() {
        await sample();
      },
      sample,
      dispose: () => {},
    };
  },
});
