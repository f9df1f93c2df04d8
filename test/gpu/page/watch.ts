// Watches every GPU device that code on this page acquires. Heddle acquires its own device, so the only place to stand is
// `requestDevice` itself.

export interface Watch {
  /** Waits until the devices have done their work, then gives the faults since the last call. */
  settle(): Promise<string[]>;
}

/** From now on collects uncaptured errors and losses; a device that its owner destroys is no fault. */
export function watchDevices(): Watch {
  let faults: string[] = [];
  const alive = new Set<GPUDevice>();
  if (typeof GPUAdapter !== 'undefined') {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      const device = await request.call(this, descriptor);
      alive.add(device);
      device.addEventListener('uncapturederror', ({ error }) => {
        faults.push(`uncaptured ${error.constructor.name}: ${error.message}`);
      });
      void device.lost.then(({ reason, message }) => {
        alive.delete(device);
        if (reason !== 'destroyed') faults.push(`device lost (${reason}): ${message}`);
      });
      return device;
    };
  }
  return {
    async settle() {
      // An uncaptured error arrives in a task of its own; the end of all submitted work, and then one more task, lie behind it.
      for (const device of alive) await Promise.race([device.queue.onSubmittedWorkDone(), device.lost]);
      await new Promise((resolve) => setTimeout(resolve, 0));
      const found = faults;
      faults = [];
      return found;
    },
  };
}
