import { afterEach, describe, expect, it, vi } from 'vitest';
import { HeddleError } from '../../src/core/errors.js';
import { acquireDevice } from '../../src/runtime/index.js';
import { refusal } from '../../src/runtime/refusal.js';
import { fakeDevice } from '../kit/fake-gpu.js';

const LINUX =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe('a refusal names the culprit', () => {
  it.each([
    ['insecure context', { gpu: false, secure: false, userAgent: LINUX }, 'https'],
    ['browser', { gpu: false, secure: true, userAgent: LINUX }, 'recent Chrome'],
    ['browser', { gpu: false, secure: undefined, userAgent: '' }, "device: 'cpu'"],
    ['flag', { gpu: false, secure: true, userAgent: FIREFOX }, 'dom.webgpu.enabled'],
    ['flag', { gpu: false, secure: true, userAgent: SAFARI }, 'Safari 26'],
    ['adapter', { gpu: true, secure: true, userAgent: LINUX }, '--enable-unsafe-webgpu'],
    ['adapter', { gpu: true, secure: true, userAgent: SAFARI }, 'hardware acceleration'],
  ])('%s', (culprit, around, fix) => {
    const error = refusal(around);
    expect(error).toBeInstanceOf(HeddleError);
    expect(error).toMatchObject({ op: 'device', roles: [culprit], values: { culprit } });
    expect(error.fix).toContain(fix);
  });
});

describe('acquireDevice', () => {
  const stub = (requestAdapter: () => Promise<unknown>) =>
    vi.stubGlobal('navigator', { userAgent: LINUX, gpu: { requestAdapter } });

  it('refuses where there is no WebGPU', async () => {
    vi.stubGlobal('navigator', undefined);
    await expect(acquireDevice()).rejects.toMatchObject({ op: 'device', values: { culprit: 'browser' } });
  });

  it('refuses where there is no adapter, or the adapter gives no device', async () => {
    stub(async () => null);
    await expect(acquireDevice()).rejects.toMatchObject({ values: { culprit: 'adapter' } });
    const cause = new Error('planted');
    stub(async () => ({ limits: {}, features: new Set(), requestDevice: () => Promise.reject(cause) }));
    await expect(acquireDevice()).rejects.toMatchObject({ values: { culprit: 'adapter' }, cause });
  });

  it('asks for the limits and the features that the adapter has, and knows software by its name', async () => {
    const { device } = fakeDevice();
    const requestDevice = vi.fn(async () => device);
    const adapter = {
      limits: { maxBufferSize: 7, maxStorageBuffersPerShaderStage: 16 },
      features: new Set(['timestamp-query', 'subgroups', 'shader-f16']),
      info: {
        vendor: 'mesa',
        architecture: '',
        device: '',
        description: 'llvmpipe (LLVM 15)',
        subgroupMinSize: 8,
      },
      requestDevice,
    };
    Object.assign(device, { features: adapter.features });
    const requestAdapter = vi.fn(async () => adapter);
    stub(requestAdapter);
    const context = await acquireDevice({ powerPreference: 'low-power' });
    expect(requestAdapter).toHaveBeenCalledWith({ powerPreference: 'low-power' });
    expect(requestDevice).toHaveBeenCalledWith(
      expect.objectContaining({
        requiredLimits: expect.objectContaining({ maxBufferSize: 7, maxStorageBuffersPerShaderStage: 16 }),
        requiredFeatures: ['timestamp-query', 'subgroups'],
      }),
    );
    expect(context.adapter).toMatchObject({ vendor: 'mesa', software: true });
    expect(context.capabilities).toMatchObject({
      software: true,
      subgroupSize: 8,
      maxBufferSize: device.limits.maxBufferSize,
    });
    await acquireDevice({ limits: 'default' });
    expect(requestDevice).toHaveBeenLastCalledWith(expect.objectContaining({ requiredLimits: {} }));
  });

  it('looks at no navigator before it is called', async () => {
    vi.resetModules();
    vi.stubGlobal(
      'navigator',
      new Proxy(
        {},
        {
          get() {
            throw new Error('navigator was touched');
          },
          has() {
            throw new Error('navigator was touched');
          },
        },
      ),
    );
    await expect(import('../../src/runtime/index.js')).resolves.toHaveProperty('acquireDevice');
    await expect(acquireDevice()).rejects.toThrowError('navigator was touched');
  });
});
