/** Why there is no device, in words that name the culprit: the browser, an insecure context, a flag, or the adapter. */

import { HeddleError } from '../core/errors.js';

/** What is known of the place where WebGPU was asked for. */
export interface Surroundings {
  /** `navigator.gpu` is there. */
  readonly gpu: boolean;
  /** `isSecureContext`; `undefined` outside browsers. */
  readonly secure: boolean | undefined;
  /** `navigator.userAgent`; empty outside browsers. */
  readonly userAgent: string;
  /** What the adapter's refusal said, if it did. */
  readonly cause?: unknown;
}

type Culprit = 'browser' | 'insecure context' | 'flag' | 'adapter';

/** The error for a refusal; `values.culprit` is `browser`, `insecure context`, `flag` or `adapter`. */
export function refusal(around: Surroundings): HeddleError {
  const { culprit, message, fix } = explain(around);
  const cause = around.cause === undefined ? {} : { cause: around.cause };
  const values = { culprit, userAgent: around.userAgent };
  return new HeddleError({ op: 'device', message, roles: [culprit], values, fix, ...cause });
}

function explain(around: Surroundings): { culprit: Culprit; message: string; fix: string } {
  const { gpu, secure, userAgent, cause } = around;
  const chromium = /Chrome|Chromium/.test(userAgent);
  if (gpu) {
    const detail = cause instanceof Error ? `: ${cause.message}` : '';
    return {
      culprit: 'adapter',
      message: `the browser has WebGPU, but gives no GPU device${detail}`,
      fix:
        chromium && userAgent.includes('Linux') && !userAgent.includes('Android')
          ? "start Chrome with --enable-unsafe-webgpu (without a GPU, also --use-webgpu-adapter=swiftshader), or use device: 'cpu'"
          : "turn on hardware acceleration and update the graphics driver, or use device: 'cpu'",
    };
  }
  if (secure === false) {
    return {
      culprit: 'insecure context',
      message: 'WebGPU exists only in secure contexts, and this page is not one',
      fix: 'serve the page over https, or from localhost',
    };
  }
  if (userAgent.includes('Firefox')) {
    return {
      culprit: 'flag',
      message: 'WebGPU is switched off in this Firefox',
      fix: "set dom.webgpu.enabled in about:config, update Firefox, or use device: 'cpu'",
    };
  }
  if (userAgent.includes('Safari') && !chromium) {
    return {
      culprit: 'flag',
      message: 'WebGPU is switched off in this Safari',
      fix: "update to Safari 26, switch on WebGPU among Safari's feature flags, or use device: 'cpu'",
    };
  }
  return {
    culprit: 'browser',
    message: userAgent
      ? 'this browser has no WebGPU'
      : 'there is no WebGPU here: navigator.gpu does not exist',
    fix: "use a recent Chrome, Edge, Safari or Firefox, pass gpuDevice, or use device: 'cpu'",
  };
}
