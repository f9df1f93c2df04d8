/** The device of the page: the one that was chosen, acquired once and kept from run to run. */

import { type DeviceInfo, HeddleError, init, shutdown } from 'heddle';
import type { DeviceChoice, DeviceReport } from './events.js';

interface Held {
  readonly choice: DeviceChoice;
  readonly report: DeviceReport;
}

/** One request waits for the other: a device is given back only once it has been had. */
let held: Promise<Held | null> = Promise.resolve(null);

/** Acquires the device of `choice`, giving the former back. Throws a `HeddleError` where `webgpu` cannot be had. */
export async function useDevice(choice: DeviceChoice): Promise<DeviceReport> {
  const next = held.then(async (before) => {
    if (before?.choice === choice) return before;
    await shutdown();
    return { choice, report: await acquire(choice) };
  });
  held = next.catch(() => null);
  return (await next).report;
}

async function acquire(choice: DeviceChoice): Promise<DeviceReport> {
  if (choice !== 'auto') return reportOf(await init({ device: choice }), null);
  try {
    return reportOf(await init({ device: 'webgpu' }), null);
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    const notice = `This runs on the CPU reference, which is slow. ${error.message}`;
    return reportOf(await init({ device: 'cpu' }), notice);
  }
}

function reportOf({ kind, adapter }: DeviceInfo, notice: string | null): DeviceReport {
  const { vendor, architecture, description, software } = adapter;
  if (kind === 'cpu') return { kind, adapter: 'CPU reference', notice };
  const names = [vendor, architecture, description].filter((name) => name !== '');
  return { kind, adapter: `${names.join(' ')}${software ? ' (software)' : ''}`, notice };
}
