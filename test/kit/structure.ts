/**
 * The shape of the source tree as a pure function of its files: floors, cycles, where `GPU*` may stand, sizes, headers.
 * Type-only imports obey the floors too, but make no cycle: they vanish when compiled.
 */

/** Folders by floor. A file may import from its own folder and from lower floors. */
const FLOORS: readonly (readonly string[])[] = [
  ['core'],
  ['kernels'],
  ['ir'],
  ['ops'],
  ['compiler', 'reference', 'runtime'],
  ['engine'],
  ['nn', 'optim', 'data', 'formats'],
];
/** Entry points in `src/` itself (`src/index.ts`): above everything. */
const ENTRY_FLOOR = FLOORS.length;
const TOP_FLOOR = ENTRY_FLOOR - 1;
/** What floor 6 may see of the floors below: what a user's own layer can import, and the plain helpers of floor 0. */
const PUBLIC_FACE = /^src\/(engine\/index\.ts|ops\/index\.ts|core\/[^/]+\.ts)$/;

export const MAX_LINES = 400;

export interface SourceImport {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** What is wrong with `tree` (paths from the repository's root, with `/`), one line each. */
export function structureFaults(tree: ReadonlyMap<string, string>): string[] {
  const faults: string[] = [];
  const edges = new Map<string, string[]>();
  for (const [path, source] of tree) {
    faults.push(...fileFaults(path, source));
    const targets: string[] = [];
    edges.set(path, targets);
    for (const { specifier, typeOnly } of importsOf(source)) {
      const target = resolve(path, specifier);
      const fault = target === null ? packageFault(specifier) : importFault(path, target, tree);
      if (fault) faults.push(`${path}: ${fault}`);
      else if (target !== null && !typeOnly) targets.push(target);
    }
  }
  return [...faults, ...cycles(edges)];
}

/** Every static, re-exporting and dynamic import in `source`. */
export function importsOf(source: string): SourceImport[] {
  const code = withoutComments(source);
  const imports: SourceImport[] = [];
  const statement = /\b(import|export)\s+(type\b)?([^'";]*?\bfrom\s*)?['"]([^'"]+)['"]/g;
  for (const [, keyword, type, clause, specifier] of code.matchAll(statement)) {
    if (keyword === 'export' && !clause) continue;
    const names = clause?.match(/^\s*\{([^}]*)\}\s*from/)?.[1];
    const inline = names?.split(',').filter((name) => name.trim() !== '');
    const allTypes =
      inline !== undefined && inline.length > 0 && inline.every((name) => /^\s*type\s/.test(name));
    imports.push({ specifier: specifier ?? '', typeOnly: type !== undefined || allTypes });
  }
  for (const [, specifier] of code.matchAll(/\bimport\s*\(\s*['"]([^'"]+)['"]/g)) {
    imports.push({ specifier: specifier ?? '', typeOnly: false });
  }
  return imports;
}

/** `source` with comments blanked, line breaks kept. Strings and templates are left alone. */
export function withoutComments(source: string): string {
  const token = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return source.replace(token, (text) => (/^\/[/*]/.test(text) ? text.replace(/[^\n]/g, ' ') : text));
}

function fileFaults(path: string, source: string): string[] {
  const faults: string[] = [];
  const lines = source.replace(/\n$/, '').split('\n').length;
  if (lines > MAX_LINES) faults.push(`${path}: ${lines} lines, more than ${MAX_LINES}`);
  if (!/^(\/\*\*|\/\/)/.test(source)) faults.push(`${path}: does not begin with a header comment`);
  const gpu = path.startsWith('src/') && !path.startsWith('src/runtime/') && mentionOfGpu(source);
  if (gpu) faults.push(`${path}: mentions ${gpu} outside src/runtime`);
  return faults;
}

function mentionOfGpu(source: string): string | undefined {
  return withoutComments(source).match(/\bGPU[A-Z]\w*|\bnavigator\s*(\?\.|\.)\s*gpu\b/)?.[0];
}

function packageFault(specifier: string): string {
  return `imports the package '${specifier}': the engine has no runtime dependency`;
}

function importFault(path: string, target: string, tree: ReadonlyMap<string, string>): string | undefined {
  if (target.startsWith('shaders/')) {
    return folderOf(path) === 'kernels'
      ? undefined
      : `imports ${target}: shaders come in through src/kernels`;
  }
  if (!tree.has(target)) return `imports ${target}, which is not there`;
  const [from, to] = [folderOf(path), folderOf(target)];
  if (from === to) return undefined;
  const [floor, below] = [floorOf(from), floorOf(to)];
  if (floor === undefined || below === undefined) return `imports ${target}: src/${to} is on no floor`;
  if (below > floor) return `imports upward, ${target}`;
  if (below === floor && floor !== TOP_FLOOR)
    return `imports sideways, ${target}: src/${from} and src/${to} share a floor`;
  if (floor === TOP_FLOOR && below < floor && !PUBLIC_FACE.test(target)) {
    return `imports ${target}, which is not the engine's public face`;
  }
  return undefined;
}

/** The folder below `src/`, or '' for an entry point. */
function folderOf(path: string): string {
  const parts = path.split('/');
  return parts.length > 2 ? (parts[1] ?? '') : '';
}

function floorOf(folder: string): number | undefined {
  if (folder === '') return ENTRY_FLOOR;
  const floor = FLOORS.findIndex((folders) => folders.includes(folder));
  return floor < 0 ? undefined : floor;
}

/** The file that a relative specifier names; `null` for a package. */
function resolve(path: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.replace(/\?.*$/, '').split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/').replace(/\.js$/, '.ts');
}

/** One line per import cycle found, from its first file back to it. */
function cycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const state = new Map<string, 'open' | 'closed'>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    state.set(path, 'open');
    trail.push(path);
    for (const next of edges.get(path) ?? []) {
      if (state.get(next) === 'open')
        found.push(`cycle: ${[...trail.slice(trail.indexOf(next)), next].join(' → ')}`);
      else if (!state.has(next) && edges.has(next)) visit(next);
    }
    trail.pop();
    state.set(path, 'closed');
  };
  for (const path of edges.keys()) if (!state.has(path)) visit(path);
  return found;
}
