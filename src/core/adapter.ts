/** What an adapter says of itself: one way to write it, and one way to tell a processor that plays a GPU. Older browsers leave words out. */

export interface AdapterWords {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
}

/** Drivers that keep their names to themselves share this one. */
export const UNNAMED_ADAPTER = 'unnamed adapter';

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

/** All that an adapter says of itself, each word once: `mesa, llvmpipe`. */
export const adapterName = (words: Partial<AdapterWords> | undefined): string =>
  [...new Set(wordsOf(words))].join(', ') || UNNAMED_ADAPTER;

/** Whether the words are those of SwiftShader, of Mesa's drivers for processors, or of Windows' (WARP). */
export const isSoftwareAdapter = (words: Partial<AdapterWords> | undefined): boolean =>
  SOFTWARE.test(wordsOf(words).join(' '));

const wordsOf = ({ vendor, architecture, device, description }: Partial<AdapterWords> = {}): string[] =>
  [vendor, architecture, device, description].filter((word) => word !== undefined && word !== '') as string[];
