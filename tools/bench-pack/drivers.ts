// Which Vulkan drivers a bare Linux machine has, in the order in which they are tried: a GPU's before a processor's.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Where installers put the manifests of drivers. */
const MANIFEST_FOLDERS = [
  '/etc/vulkan/icd.d',
  '/usr/share/vulkan/icd.d',
  '/usr/local/share/vulkan/icd.d',
  '/usr/local/nvidia/share/vulkan/icd.d',
];

/** Where libraries are found, beside `LD_LIBRARY_PATH`. */
const LIBRARY_FOLDERS = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
  '/usr/local/nvidia/lib64',
];

/** NVIDIA's driver for Vulkan itself: containers often have it without a manifest. The second one needs no X11, which they lack. */
export const NVIDIA_LIBRARIES = ['libGLX_nvidia.so.0', 'libEGL_nvidia.so.0'] as const;

export interface Driver {
  /** A `library` still needs a manifest that names it. */
  readonly kind: 'manifest' | 'library';
  readonly path: string;
}

/** By the name of the manifest; what no pattern knows stands before the last. */
const RANKS = [/nvidia/i, /radeon|amd/i, /intel/i, /lvp|lavapipe|swiftshader/i];

function rankOf(path: string): number {
  const rank = RANKS.findIndex((pattern) => pattern.test(basename(path)));
  return rank >= 0 ? rank : RANKS.length - 1.5;
}

/**
 * The drivers to try, best first: what `named` says (`VK_ICD_FILENAMES`), and nothing else; without it NVIDIA's manifests and then its `libraries`,
 * AMD's, Intel's, others, and those for processors last. `manifests` and `libraries` are the files of the machine.
 */
export function driversInOrder(
  named: string | undefined,
  manifests: readonly string[],
  libraries: readonly string[],
): Driver[] {
  if (named) return [{ kind: 'manifest', path: named }];
  const drivers = [...manifests]
    .sort((a, b) => rankOf(a) - rankOf(b))
    .map((path): Driver => ({ kind: 'manifest', path }));
  const others = drivers.findIndex(({ path }) => rankOf(path) > 0);
  drivers.splice(
    others < 0 ? drivers.length : others,
    0,
    ...libraries.map((path): Driver => ({ kind: 'library', path })),
  );
  return drivers;
}

/** `driversInOrder` of this machine. */
export function driversHere(env: Readonly<Record<string, string | undefined>>): Driver[] {
  const manifests = MANIFEST_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folder, name)),
  );
  const libraries = NVIDIA_LIBRARIES.flatMap((name) => libraryPath(name, env) ?? []);
  return driversInOrder(env.VK_ICD_FILENAMES, manifests, libraries);
}

/** Where this machine has a shared library, if it has it. */
export function libraryPath(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const folders = [
    ...(env.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== ''),
    ...LIBRARY_FOLDERS,
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** The manifest of a driver that came without one. */
export const manifestOf = (library: string): string =>
  `${JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.3.0' } })}\n`;
