// Keeps the library's `index.ts` files as they are written. Rolldown, when it preserves modules, would turn `export * as ops from …`
// into an object that holds every op, and no application could leave out those that it does not use.
import type { Plugin } from 'vite';

/** Vite: in a build, every `index.ts` re-exports from its neighbours, which become modules of the output in their own right. */
export function keepBarrelsPlugin(): Plugin {
  return {
    name: 'heddle:keep-barrels',
    enforce: 'pre',
    apply: 'build',
    async resolveId(source, importer) {
      if (!importer?.endsWith('/index.ts') || !source.startsWith('.')) return null;
      const target = await this.resolve(source, importer, { skipSelf: true });
      if (target === null) return null;
      this.emitFile({ type: 'chunk', id: target.id, preserveSignature: 'strict' });
      return { id: source, external: true };
    },
  };
}
