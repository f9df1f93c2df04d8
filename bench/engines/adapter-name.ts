/** An adapter in words, the same for every engine. */

export function adapterName(info: Partial<GPUAdapterInfo> | undefined): string {
  const words = [info?.vendor, info?.architecture, info?.device, info?.description];
  return words.filter((word) => word !== undefined && word !== '').join(' ') || 'unnamed';
}
