import { describe, expect, it } from 'vitest';
import { isSoftware } from '../../../tools/adapter.js';
import { browserFlags, mayHaveGpu } from '../../../tools/browser.js';
import { browserCandidates } from '../../../tools/find-browser.js';

describe('where a browser is looked for', () => {
  it("on Linux: puppeteer's cache, then PATH, Chrome before Chromium", () => {
    const env = { PATH: '/a:/b' };
    expect(browserCandidates({ platform: 'linux', env, cached: ['/cache/chrome'] })).toEqual([
      '/cache/chrome',
      '/a/google-chrome',
      '/b/google-chrome',
      '/a/google-chrome-stable',
      '/b/google-chrome-stable',
      '/a/chromium',
      '/b/chromium',
      '/a/chromium-browser',
      '/b/chromium-browser',
    ]);
  });

  it('on macOS and Windows: in the usual places too', () => {
    expect(browserCandidates({ platform: 'darwin', env: {}, cached: [] })).toContain(
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    );
    const env = { PROGRAMFILES: 'C:\\Program Files', PATH: 'C:\\Windows' };
    expect(browserCandidates({ platform: 'win32', env, cached: [] })).toEqual([
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    ]);
  });
});

describe('flags', () => {
  it('ask for the software adapter only by name', () => {
    expect(browserFlags('software', 'linux', false)).toContain('--use-webgpu-adapter=swiftshader');
    expect(browserFlags('hardware', 'linux', false).join(' ')).not.toContain('swiftshader');
  });

  it('use Vulkan for a GPU under Linux alone', () => {
    expect(browserFlags('hardware', 'linux', false)).toContain('--enable-features=Vulkan');
    expect(browserFlags('hardware', 'darwin', false)).not.toContain('--enable-features=Vulkan');
  });

  it('give up the sandbox only as root', () => {
    expect(browserFlags('software', 'linux', true)).toContain('--no-sandbox');
    expect(browserFlags('software', 'linux', false)).not.toContain('--no-sandbox');
  });
});

describe('telling adapters apart', () => {
  const names = { vendor: '', architecture: '', device: '', description: '' };

  it('knows the software adapters by flag or by name', () => {
    expect(isSoftware({ ...names, vendor: 'google', architecture: 'swiftshader' }, false)).toBe(true);
    expect(isSoftware({ ...names, description: 'llvmpipe (LLVM 19)' }, false)).toBe(true);
    expect(isSoftware({ ...names, description: 'Microsoft Basic Render Driver' }, false)).toBe(true);
    expect(isSoftware(names, true)).toBe(true);
    expect(isSoftware({ ...names, vendor: 'nvidia', architecture: 'hopper' }, false)).toBe(false);
  });

  it('rules a GPU out only where Linux shows no device', () => {
    expect(mayHaveGpu('linux', ['null', 'tty'])).toBe(false);
    expect(mayHaveGpu('linux', ['renderD128'])).toBe(true);
    expect(mayHaveGpu('linux', ['nvidiactl', 'nvidia0'])).toBe(true);
    expect(mayHaveGpu('darwin', [])).toBe(true);
  });
});
