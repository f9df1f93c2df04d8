/** `shaders/concat.wgsl`: several matrices side by side in one. Every extent is a parameter. */

import source from '../../shaders/concat.wgsl?raw';
import { assembleKernel, type TypedBinding } from './attachment.js';
import { counts, elementWorkgroups, wordAlias } from './elements.js';
import type { Kernel, Launch } from './kernel.js';

export interface ConcatParts {
  readonly outer: number;
  /** Columns of the parts that this dispatch copies, in words. */
  readonly widths: readonly number[];
  /** Column of the result where the first of them begins. */
  readonly base: number;
  /** Columns of the whole result. */
  readonly total: number;
  /** Move four words at a time: every width of the whole result is a multiple of 4. */
  readonly wide: boolean;
}

/** Bindings: each part, result. */
export function concat(op: string, { outer, widths, base, total, wide }: ConcatParts): Launch {
  const lanes = wide ? 4 : 1;
  const units = widths.map((width) => width / lanes);
  const span = units.reduce((sum, width) => sum + width, 0);
  return {
    kernel: concatKernel(widths.length, wide),
    workgroups: elementWorkgroups(op, [outer, span]),
    params: [outer * span, span, base / lanes, total / lanes, ...units],
  };
}

function concatKernel(parts: number, wide: boolean): Kernel {
  const numbers = Array.from({ length: parts }, (_, part) => part);
  const earlier = numbers.slice(0, -1).map(
    (part) => `  if (at < params.width_${part}) {
    return part_${part}[row * params.width_${part} + at];
  }
  at -= params.width_${part};`,
  );
  const load = `fn load(row: u32, col: u32) -> elem {
  var at = col;
${earlier.join('\n')}
  return part_${parts - 1}[row * params.width_${parts - 1} + at];
}`;
  const bindings = numbers.map(
    (part): TypedBinding => ({ name: `part_${part}`, access: 'read', type: 'array<elem>' }),
  );
  return assembleKernel({
    entryPoint: 'concat',
    source,
    baked: [parts, wide],
    declarations: [wordAlias(wide), load],
    params: counts(['count', 'span', 'base', 'total', ...numbers.map((part) => `width_${part}`)]),
    bindings: [...bindings, { name: 'result', access: 'write', type: 'array<elem>' }],
    attachments: [],
  });
}
