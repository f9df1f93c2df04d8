/** A message of the WGSL compiler, shown with its line and a caret: users write kernels of their own. */

import { HeddleError } from '../core/errors.js';
import type { Kernel } from '../kernels/kernel.js';

export interface CompilationMessage {
  readonly kernel: Kernel;
  readonly severity: 'error' | 'warning' | 'info';
  readonly text: string;
  /** From 1; 0 where the compiler names no place. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 where the compiler names no place. */
  readonly column: number;
  /** The whole line of the kernel's code. */
  readonly source: string;
}

export function compilationMessage(kernel: Kernel, message: GPUCompilationMessage): CompilationMessage {
  const { type, message: text, lineNum, linePos } = message;
  const source = kernel.code.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)[lineNum - 1] ?? '';
  return { kernel, severity: type, text, line: lineNum, column: linePos, source };
}

/** The error for the first of `errors`; `op` is the kernel's entry point, `values` hold line, column and source line. */
export function wgslError(kernel: Kernel, errors: readonly CompilationMessage[]): HeddleError {
  const [worst] = errors;
  const { text = 'unknown error', line = 0, column = 0, source = '' } = worst ?? {};
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new HeddleError({
    op: kernel.entryPoint,
    message: `WGSL error at line ${line}, column ${column}${more}: ${text}\n${excerpt(line, column, source)}`,
    roles: ['code'],
    values: { line, column, source, kernel: kernel.key, errors: errors.map((error) => error.text) },
    fix: 'correct this line of the kernel',
  });
}

function excerpt(line: number, column: number, source: string): string {
  const number = `  ${line} | `;
  // Tabs stay tabs, so that the caret stands below its character whatever their width.
  const indent = source.slice(0, Math.max(0, column - 1)).replace(/[^\t]/g, ' ');
  return `${number}${source}\n${' '.repeat(number.length - 2)}| ${indent}^ here`;
}
