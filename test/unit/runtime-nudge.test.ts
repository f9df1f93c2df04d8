import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Health } from '../../src/runtime/health.js';
import { nudge } from '../../src/runtime/nudge.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A device that counts its submits, and that is lost when told. */
function fakeDevice() {
  const submits: number[] = [];
  const begin = Date.now();
  let lose: (info: { reason: string; message: string }) => void = () => {};
  const device = {
    addEventListener: () => {},
    removeEventListener: () => {},
    lost: new Promise((resolve) => {
      lose = resolve;
    }),
    queue: {
      submit(buffers: readonly unknown[]) {
        expect(buffers).toEqual([]);
        submits.push(Date.now() - begin);
      },
    },
  } as unknown as GPUDevice;
  return { device, submits, lose: () => lose({ reason: 'unknown', message: 'gone' }) };
}

it('comes after 1 ms and then after gaps that double', () => {
  const { device, submits } = fakeDevice();
  const stop = nudge(device.queue);
  vi.advanceTimersByTime(40);
  expect(submits).toEqual([1, 3, 7, 15, 31]);
  stop();
  vi.advanceTimersByTime(1000);
  expect(submits).toHaveLength(5);
});

it('happens while a guard waits and not after', async () => {
  const { device, submits } = fakeDevice();
  const health = new Health(device, false);
  const work = new Promise<string>((resolve) => setTimeout(() => resolve('done'), 10));
  const result = health.guard(work);
  await vi.advanceTimersByTimeAsync(10);
  expect(await result).toBe('done');
  await vi.advanceTimersByTimeAsync(1000);
  expect(submits).toEqual([1, 3, 7]);
});

it('ends where the work fails and where the device is lost', async () => {
  for (const end of ['fails', 'lost'] as const) {
    const { device, submits, lose } = fakeDevice();
    const health = new Health(device, false);
    const work = new Promise<void>((_, reject) => {
      if (end === 'fails') setTimeout(() => reject(new Error('no')), 2);
    });
    const result = expect(health.guard(work), end).rejects.toThrow();
    await vi.advanceTimersByTimeAsync(2);
    if (end === 'lost') lose();
    await vi.advanceTimersByTimeAsync(1000);
    await result;
    expect(submits, end).toEqual([1]);
    expect(vi.getTimerCount(), end).toBe(0);
  }
});
