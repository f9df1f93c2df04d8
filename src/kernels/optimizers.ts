/** `shaders/adam.wgsl` and `shaders/sgd.wgsl`: all variables of a model in one dispatch. Only the number of variables is baked. */

import adamSource from '../../shaders/adam.wgsl?raw';
import sgdSource from '../../shaders/sgd.wgsl?raw';
import { assembleKernel, type TypedBinding } from './attachment.js';
import { elementWorkgroups, LANES } from './elements.js';
import type { Launch } from './kernel.js';
import { memberRange } from './member-range.js';

/** Words of an invocation: four quads. */
const WORDS_PER_LANE = 16;
/** ln 0, as far as 1 − βᵗ can tell. */
const LOG_OF_ZERO = -1e4;

const QUADS = 'array<vec4<f32>>';
const weights: TypedBinding = { name: 'weights', access: 'inout', type: QUADS };
const gradients: TypedBinding = { name: 'gradients', access: 'read', type: QUADS };
const learningRate: TypedBinding = { name: 'learning_rate', access: 'read', type: 'array<f32>' };
const control: TypedBinding = { name: 'control', access: 'inout', type: 'array<atomic<u32>>' };

/** Whether one workgroup updates tensors of `sizes` elements, so that it can begin the step too. */
export const fitOneWorkgroup = (sizes: readonly number[]): boolean =>
  memberRange(sizes).words <= LANES * WORDS_PER_LANE;

export interface UpdateSettings {
  /** Whether the kernel begins the step itself: one more, applied, without a fault. For sizes that fit one workgroup. */
  readonly begins: boolean;
}

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/**
 * Bindings: weights, gradients, first moments, second moments (each the range of all tensors), learning rate, control (step,
 * apply, fault). `sizes` are the tensors' elements.
 */
export function adam(sizes: readonly number[], settings: AdamSettings & UpdateSettings): Launch {
  const { words, params, values, code } = memberRange(sizes);
  const { beta1, beta2, epsilon, weightDecay, begins } = settings;
  const logarithm = (beta: number): number => Math.max(Math.log(beta), LOG_OF_ZERO);
  return {
    kernel: assembleKernel({
      entryPoint: 'adam',
      source: adamSource,
      baked: [sizes.length, begins],
      declarations: [code, beginFunction(begins)],
      params: [
        { name: 'quads', type: 'u32' },
        { name: 'complement_1', type: 'f32' },
        { name: 'complement_2', type: 'f32' },
        { name: 'log_beta_1', type: 'f32' },
        { name: 'log_beta_2', type: 'f32' },
        { name: 'epsilon', type: 'f32' },
        { name: 'decay', type: 'f32' },
        ...params,
      ],
      bindings: [
        weights,
        gradients,
        { name: 'first_moments', access: 'inout', type: QUADS },
        { name: 'second_moments', access: 'inout', type: QUADS },
        learningRate,
        control,
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups('adam', [words], WORDS_PER_LANE),
    params: [
      words / 4,
      1 - beta1,
      1 - beta2,
      logarithm(beta1),
      logarithm(beta2),
      epsilon,
      weightDecay,
      ...values,
    ],
  };
}

export interface SgdSettings {
  /** 0: no velocities, and no binding for them. */
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** Bindings: weights, gradients, velocities (with momentum only), learning rate, control (step, apply, fault). */
export function sgd(
  sizes: readonly number[],
  { momentum, nesterov, begins }: SgdSettings & UpdateSettings,
): Launch {
  const { words, params, values, code } = memberRange(sizes);
  const variant = momentum === 0 ? 'plain' : nesterov ? 'nesterov' : 'momentum';
  const velocities: TypedBinding = { name: 'velocities', access: 'inout', type: QUADS };
  return {
    kernel: assembleKernel({
      entryPoint: 'sgd',
      source: sgdSource,
      baked: [variant, sizes.length, begins],
      declarations: [code, updateFunction(variant), beginFunction(begins)],
      params: [{ name: 'quads', type: 'u32' }, { name: 'momentum', type: 'f32' }, ...params],
      bindings: [weights, gradients, ...(variant === 'plain' ? [] : [velocities]), learningRate, control],
      attachments: [],
    }),
    workgroups: elementWorkgroups('sgd', [words], WORDS_PER_LANE),
    params: [words / 4, momentum, ...values],
  };
}

function beginFunction(begins: boolean): string {
  if (!begins) return 'fn begin(lane: u32) {}';
  return `fn begin(lane: u32) {
  if (lane == 0u) {
    atomicAdd(&control[STEP], 1u);
    atomicStore(&control[APPLY], 1u);
    atomicStore(&control[FAULT], 0u);
  }
  storageBarrier();
}`;
}

function updateFunction(variant: 'plain' | 'momentum' | 'nesterov'): string {
  const head = 'fn update(i: u32, rate: f32) {\n  let p = weights[i];\n  let pull = rate * gradients[i];';
  if (variant === 'plain') {
    return `${head}
  let next_p = p - pull;
  store(i, p, next_p, is_finite(pull) & is_finite(next_p));
}`;
  }
  const next = variant === 'nesterov' ? 'p + params.momentum * next_u - pull' : 'p + next_u';
  return `${head}
  let u = velocities[i];
  let next_u = params.momentum * u - pull;
  let next_p = ${next};
  let sound = is_finite(pull) & is_finite(next_u) & is_finite(next_p);
  velocities[i] = select(u, next_u, sound);
  store(i, p, next_p, sound);
}`;
}
