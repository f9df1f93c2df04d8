// The words of adapters, and that the benchmarks compare engines on one adapter only.
import { describe, expect, it } from 'vitest';
import { requireSameAdapter } from '../../bench/adapter.js';
import { adapterName, isSoftwareAdapter, UNNAMED_ADAPTER } from '../../src/core/adapter.js';

describe('an adapter', () => {
  it('is named by all that it says of itself, each word once', () => {
    const words = { vendor: 'mesa', architecture: '', device: 'mesa', description: 'llvmpipe' };
    expect(adapterName(words)).toBe('mesa, llvmpipe');
    expect(adapterName({ vendor: 'intel' })).toBe('intel');
    for (const silent of [undefined, {}, { vendor: '' }]) expect(adapterName(silent)).toBe(UNNAMED_ADAPTER);
  });

  it.each([
    'SwiftShader',
    'llvmpipe (LLVM 19)',
    'lavapipe',
    'softpipe',
    'Microsoft Basic Render Driver',
    'WARP',
  ])('is software if it is called %s', (description) =>
    expect(isSoftwareAdapter({ vendor: 'x', description })).toBe(true),
  );

  it('is none if it only sounds like it', () => {
    expect(isSoftwareAdapter({ vendor: 'nvidia', architecture: 'hopper' })).toBe(false);
    expect(isSoftwareAdapter({ description: 'Warpspeed 3' })).toBe(false);
    expect(isSoftwareAdapter(undefined)).toBe(false);
  });
});

describe('engines that are compared', () => {
  const on = (adapter: string) => ({ version: '1.0.0', adapter });

  it('run on the same adapter', () => {
    expect(() => requireSameAdapter(on('nvidia, hopper'), on('nvidia, hopper'))).not.toThrow();
    expect(() => requireSameAdapter(on('nvidia, hopper'), on('intel, xe'))).toThrow(
      "it runs on 'intel, xe', what it is compared with on 'nvidia, hopper'",
    );
  });

  it('are believed where one of them is silent or could not start', () => {
    for (const silent of [UNNAMED_ADAPTER, 'none']) {
      expect(() => requireSameAdapter(on('nvidia, hopper'), on(silent))).not.toThrow();
      expect(() => requireSameAdapter(on(silent), on('nvidia, hopper'))).not.toThrow();
    }
  });
});
