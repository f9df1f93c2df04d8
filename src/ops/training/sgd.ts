/** `sgd`: gradient descent with momentum on all variables of a model at once. Internal to training; no gradient. */

import { sizeOf } from '../../core/shape.js';
import { apply, type HostTensor, type Value } from '../../ir/graph.js';
import { inputArg, type OpDef } from '../../ir/op.js';
import { type SgdSettings, sgd as sgdKernel, type UpdateSettings } from '../../kernels/optimizers.js';
import { cut, named } from './named.js';
import {
  allFinite,
  begun,
  checkUpdate,
  lowerUpdate,
  readGroup,
  STEP_CONTROL,
  type StepArguments,
  updateGroup,
} from './optimizer-parts.js';

export interface SgdAttrs extends SgdSettings {
  /** Number of variables. */
  readonly count: number;
  readonly begins: boolean;
}

/** Velocities are there with momentum only. */
const slotsOf = ({ count, momentum }: SgdAttrs): number => (momentum === 0 ? 0 : count);

/**
 * Inputs: params × n, gradients × n, velocities × n (with momentum only), learning rate, step, apply, fault. Outputs: params × n,
 * velocities × n, step, apply, fault afterwards, in place. The mathematics stands in `shaders/sgd.wgsl`.
 */
export const sgdOp: OpDef<SgdAttrs> = {
  name: 'sgd',
  infer(inputs, attrs) {
    const { params, grads, velocities, learningRate, control } = partsOf(inputs, attrs);
    const lists = attrs.momentum === 0 ? { params, grads } : { params, grads, velocities };
    checkUpdate('sgd', lists, learningRate, control);
    return [...params, ...velocities, control.step, control.apply, control.fault];
  },
  reference(inputs, outputs, attrs) {
    const { params, velocities, control } = partsOf(inputs, attrs);
    const [newParams = [], newVelocities = [], newControl = []] = cut(outputs, [
      attrs.count,
      slotsOf(attrs),
      STEP_CONTROL.length,
    ]);
    [...params, ...velocities].forEach((before, index) => {
      outputs[index]?.data.set(before.data);
    });
    const now = begun(control, attrs.begins);
    STEP_CONTROL.forEach((name, index) => {
      newControl[index]?.data.set([now[name]]);
    });
    if (now.apply === 0) return;
    eachElement(inputs, attrs, (variable, i, next) => {
      if (!isSound(next)) {
        if (newControl[2]) newControl[2].data[0] = 1;
        return;
      }
      (newParams[variable] as HostTensor).data[i] = next.p;
      const velocity = newVelocities[variable];
      if (velocity) velocity.data[i] = next.u;
    });
  },
  magnitude(inputs, outputs, attrs) {
    for (const output of outputs) output.data.fill(0); // what is kept is exact
    const [p = [], u = []] = cut(outputs, [attrs.count, slotsOf(attrs)]);
    eachElement(inputs, attrs, (variable, i, next) => {
      if (!isSound(next)) return;
      (p[variable] as HostTensor).data[i] = next.scale.p;
      const velocity = u[variable];
      if (velocity) velocity.data[i] = next.scale.u;
    });
  },
  candidates({ inputs, attrs }) {
    const { count, begins } = attrs;
    const slots = slotsOf(attrs);
    const sizes = partsOf(inputs, attrs).params.map(({ shape }) => sizeOf(shape));
    const args = [
      updateGroup(0, 0, count),
      readGroup(count, count),
      ...(slots > 0 ? [updateGroup(2 * count, count, count)] : []),
      inputArg(2 * count + slots),
      updateGroup(2 * count + slots + 1, count + slots, STEP_CONTROL.length),
    ];
    const update = (settings: UpdateSettings) => sgdKernel(sizes, { ...attrs, ...settings });
    return [{ key: 'sgd', lower: () => lowerUpdate(sizes, begins, update, args) }];
  },
};

interface NextElement {
  readonly p: number;
  /** The velocity. */
  readonly u: number;
  /** lr · g. */
  readonly pull: number;
  /** Σ|terms| of each. */
  readonly scale: { readonly p: number; readonly u: number };
}

const isSound = ({ p, u, pull }: NextElement): boolean => allFinite(p, u, pull);

function eachElement(
  inputs: readonly HostTensor[],
  attrs: SgdAttrs,
  visit: (variable: number, i: number, next: NextElement) => void,
): void {
  const { params, grads, velocities, learningRate } = partsOf(inputs, attrs);
  const { momentum, nesterov } = attrs;
  const rate = learningRate.data[0] as number;
  params.forEach((param, variable) => {
    for (let i = 0; i < param.data.length; i++) {
      const p = param.data[i] as number;
      const pull = rate * ((grads[variable] as HostTensor).data[i] as number);
      const kept = momentum * (velocities[variable]?.data[i] ?? 0);
      const u = kept - pull;
      const scaleU = Math.abs(kept) + Math.abs(pull);
      const looksAhead = nesterov && momentum !== 0;
      visit(variable, i, {
        p: looksAhead ? p + momentum * u - pull : p + u,
        u,
        pull,
        scale: { p: Math.abs(p) + (looksAhead ? momentum * scaleU + Math.abs(pull) : scaleU), u: scaleU },
      });
    }
  });
}

/** Inputs by role. */
function partsOf<T>(inputs: readonly T[], attrs: SgdAttrs) {
  const lists = cut(inputs, [attrs.count, attrs.count, slotsOf(attrs), 1, STEP_CONTROL.length]);
  const [params = [], grads = [], velocities = [], [learningRate] = [], control = []] = lists;
  return {
    params,
    grads,
    velocities,
    learningRate: learningRate as T,
    control: named(STEP_CONTROL, control),
  };
}

export interface SgdArguments extends StepArguments {
  /** float32; variables whose places form one range. */
  readonly params: readonly Value[];
  /** Of the same shapes. */
  readonly grads: readonly Value[];
  /** Of the same shapes, in a range of their own; none without momentum. */
  readonly velocities?: readonly Value[];
  /** float32 []. In another buffer than what is updated. */
  readonly learningRate: Value;
  /** Default 0. */
  readonly momentum?: number;
  /** Default `false`. */
  readonly nesterov?: boolean;
}

export interface SgdResults {
  readonly params: readonly Value[];
  readonly velocities: readonly Value[];
  /** Afterwards. They are updated in place, so that whoever needs them afterwards takes these. */
  readonly step: Value;
  readonly apply: Value;
  readonly fault: Value;
}

/** One step of gradient descent on all `params`, as Keras defines it. */
export function sgdUpdate(args: SgdArguments): SgdResults {
  const { params, grads, velocities = [], learningRate, step, apply: applies, fault } = args;
  const attrs: SgdAttrs = {
    count: params.length,
    momentum: args.momentum ?? 0,
    nesterov: args.nesterov ?? false,
    begins: args.begins ?? false,
  };
  const inputs = [...params, ...grads, ...velocities, learningRate, step, applies, fault];
  const outputs = apply(sgdOp, inputs, attrs);
  const [newParams = [], newVelocities = [], control = []] = cut(outputs, [
    attrs.count,
    slotsOf(attrs),
    STEP_CONTROL.length,
  ]);
  return { params: newParams, velocities: newVelocities, ...named(STEP_CONTROL, control) };
}
