/** Turns a shader file, which compiles as it stands, into the variant that a launch needs. */

import type { BindingDecl, ParamDecl } from './kernel.js';

const BLOCK = /^[ \t]*\/\/ specialise\b[\s\S]*?^[ \t]*\/\/ end\b.*$/m;
const DIRECTIVE = /^\s*(enable|requires|diagnostic)\b[^;]*;/gm;

/** `source` with the text between `// specialise` and `// end` replaced by `block`, directives hoisted to the top. */
export function specialise(source: string, block: string): string {
  if (!BLOCK.test(source)) throw new Error('the shader has no block from "// specialise" to "// end"');
  const body = source.replace(BLOCK, () => `// specialise\n${block}\n// end`);
  const directives = body.match(DIRECTIVE) ?? [];
  return directives.map((line) => `${line.trim()}\n`).join('') + body.replace(DIRECTIVE, '');
}

/** `const NAME = value;` lines; numbers become `u32`. */
export function constants(values: Readonly<Record<string, number | boolean>>): string {
  return Object.entries(values)
    .map(([name, value]) => `const ${name} = ${typeof value === 'number' ? `${value}u` : value};`)
    .join('\n');
}

/** The `Params` struct and its binding. WGSL has no empty structs, so a kernel without parameters gets one unused word. */
export function paramsBlock(params: readonly ParamDecl[]): string {
  const members = params.length > 0 ? params : [{ name: 'unused', type: 'u32' }];
  const lines = members.map(({ name, type }) => `  ${name}: ${type},`).join('\n');
  return `struct Params {\n${lines}\n}\n@group(0) @binding(0) var<uniform> params: Params;`;
}

/** Declarations of storage bindings from `first` on; `types` gives each one's WGSL type, such as `array<f32>`. */
export function bindingsBlock(bindings: readonly BindingDecl[], types: readonly string[], first = 1): string {
  return bindings
    .map(({ name, access }, index) => {
      const mode = access === 'read' ? 'read' : 'read_write';
      return `@group(0) @binding(${first + index}) var<storage, ${mode}> ${name}: ${types[index]};`;
    })
    .join('\n');
}
