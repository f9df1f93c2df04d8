import { describe, expect, it } from 'vitest';
import { stripWgsl } from '../../../tools/strip-wgsl.js';

describe('stripWgsl', () => {
  it('takes out comments, indentation and blank lines', () => {
    const source =
      '// y = 2x\n\nfn f(x: f32)  -> f32 { // twice\n  /* a /* nested */ one */\n  return 2.0 * x;\n}\n';
    expect(stripWgsl(source)).toBe('fn f(x: f32) -> f32 {\nreturn 2.0 * x;\n}');
  });

  it('keeps the marker lines of the block that the loader replaces', () => {
    const source = '  // specialise: the tile\nconst TILE = 8u; // side\n// end\n// ended\n';
    expect(stripWgsl(source)).toBe('// specialise\nconst TILE = 8u;\n// end');
  });

  it('leaves a space where a block comment parted two tokens', () => {
    expect(stripWgsl('let/**/x = 1;\nconst a = 1;/* over\nlines */const b = 2;')).toBe(
      'let x = 1;\nconst a = 1; const b = 2;',
    );
  });

  it('takes a block opening inside a line comment as part of that comment', () => {
    expect(stripWgsl('// see /* here\nconst a = 1; // and */ there\nconst b = 2;')).toBe(
      'const a = 1;\nconst b = 2;',
    );
  });
});
