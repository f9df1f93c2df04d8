/** `adam`: Adam and AdamW on all variables of a model at once. Internal to training; no gradient. */

import { sizeOf } from '../../core/shape.js';
import { apply, type HostTensor, type Value } from '../../ir/graph.js';
import { inputArg, type OpDef } from '../../ir/op.js';
import { type AdamSettings, adam as adamKernel, type UpdateSettings } from '../../kernels/optimizers.js';
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

export interface AdamAttrs extends AdamSettings {
  /** Number of variables. */
  readonly count: number;
  readonly begins: boolean;
}

/**
 * Inputs: params × n, gradients × n, m × n, v × n, learning rate, step, apply, fault. Outputs: params × n, m × n, v × n, step,
 * apply, fault afterwards, in place. The mathematics stands in `shaders/adam.wgsl`.
 */
export const adamOp: OpDef<AdamAttrs> = {
  name: 'adam',
  infer(inputs, { count }) {
    const { params, grads, m, v, learningRate, control } = partsOf(inputs, count);
    checkUpdate('adam', { params, grads, m, v }, learningRate, control);
    return [...params, ...m, ...v, control.step, control.apply, control.fault];
  },
  reference(inputs, outputs, attrs) {
    const { params, m, v, control } = partsOf(inputs, attrs.count);
    const results = cut(outputs, [attrs.count, attrs.count, attrs.count, STEP_CONTROL.length]);
    const [newParams = [], newM = [], newV = [], newControl = []] = results;
    [...params, ...m, ...v].forEach((before, index) => {
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
      (newM[variable] as HostTensor).data[i] = next.m;
      (newV[variable] as HostTensor).data[i] = next.v;
    });
  },
  magnitude(inputs, outputs, attrs) {
    for (const output of outputs) output.data.fill(0); // what is kept is exact
    const [p = [], m = [], v = []] = cut(outputs, [attrs.count, attrs.count, attrs.count]);
    eachElement(inputs, attrs, (variable, i, next) => {
      if (!isSound(next)) return;
      (p[variable] as HostTensor).data[i] = next.scale.p;
      (m[variable] as HostTensor).data[i] = next.scale.m;
      (v[variable] as HostTensor).data[i] = next.scale.v;
    });
  },
  candidates({ inputs, attrs }) {
    const { count, begins } = attrs;
    const sizes = partsOf(inputs, count).params.map(({ shape }) => sizeOf(shape));
    const args = [
      updateGroup(0, 0, count),
      readGroup(count, count),
      updateGroup(2 * count, count, count),
      updateGroup(3 * count, 2 * count, count),
      inputArg(4 * count),
      updateGroup(4 * count + 1, 3 * count, STEP_CONTROL.length),
    ];
    const update = (settings: UpdateSettings) => adamKernel(sizes, { ...attrs, ...settings });
    return [{ key: 'adam', lower: () => lowerUpdate(sizes, begins, update, args) }];
  },
};

interface NextElement {
  readonly p: number;
  readonly m: number;
  readonly v: number;
  readonly square: number;
  /** Σ|terms| of each. */
  readonly scale: { readonly p: number; readonly m: number; readonly v: number };
}

const isSound = ({ p, m, v, square }: NextElement): boolean => allFinite(p, m, v, square);

/** Roundings of α, √v, the division and m, in those of a plain sum: sqrt 4, division 2.5 and the powers of β among them. */
const STEP_WEIGHT = 8;

function eachElement(
  inputs: readonly HostTensor[],
  { count, beta1, beta2, epsilon, weightDecay, begins }: AdamAttrs,
  visit: (variable: number, i: number, next: NextElement) => void,
): void {
  const { params, grads, m: firsts, v: seconds, learningRate, control } = partsOf(inputs, count);
  const { step: t } = begun(control, begins);
  const rate = learningRate.data[0] as number;
  const alpha = (rate * Math.sqrt(-Math.expm1(t * Math.log(beta2)))) / -Math.expm1(t * Math.log(beta1));
  params.forEach((param, variable) => {
    for (let i = 0; i < param.data.length; i++) {
      const p = param.data[i] as number;
      const g = (grads[variable] as HostTensor).data[i] as number;
      const m = (firsts[variable] as HostTensor).data[i] as number;
      const v = (seconds[variable] as HostTensor).data[i] as number;
      const nextM = m + (g - m) * (1 - beta1);
      const nextV = v + (g * g - v) * (1 - beta2);
      const divisor = Math.sqrt(nextV) + epsilon;
      const scaleM = Math.abs(m) + (Math.abs(g) + Math.abs(m)) * (1 - beta1);
      visit(variable, i, {
        p: p - p * rate * weightDecay - (alpha * nextM) / divisor,
        m: nextM,
        v: nextV,
        square: g * g,
        scale: {
          p: Math.abs(p) * (1 + rate * weightDecay) + (STEP_WEIGHT * alpha * scaleM) / divisor,
          m: scaleM,
          v: v + (g * g + v) * (1 - beta2),
        },
      });
    }
  });
}

/** Inputs by role. */
function partsOf<T>(inputs: readonly T[], count: number) {
  const lists = cut(inputs, [count, count, count, count, 1, STEP_CONTROL.length]);
  const [params = [], grads = [], m = [], v = [], [learningRate] = [], control = []] = lists;
  return { params, grads, m, v, learningRate: learningRate as T, control: named(STEP_CONTROL, control) };
}

export interface AdamArguments extends StepArguments {
  /** float32; variables whose places form one range. */
  readonly params: readonly Value[];
  /** Of the same shapes. */
  readonly grads: readonly Value[];
  /** First and second moments, of the same shapes, in ranges of their own. */
  readonly m: readonly Value[];
  readonly v: readonly Value[];
  /** float32 []. In another buffer than what is updated. */
  readonly learningRate: Value;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
  /** Decoupled (AdamW). Default 0. */
  readonly weightDecay?: number;
}

export interface AdamResults {
  readonly params: readonly Value[];
  readonly m: readonly Value[];
  readonly v: readonly Value[];
  /** Afterwards. They are updated in place, so that whoever needs them afterwards takes these. */
  readonly step: Value;
  readonly apply: Value;
  readonly fault: Value;
}

/** One step of Adam (AdamW with `weightDecay`) on all `params`, as Keras defines it. */
export function adamUpdate(args: AdamArguments): AdamResults {
  const { params, grads, m, v, learningRate, step, apply: applies, fault } = args;
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, weightDecay = 0, begins = false } = args;
  const count = params.length;
  const inputs = [...params, ...grads, ...m, ...v, learningRate, step, applies, fault];
  const outputs = apply(adamOp, inputs, { count, beta1, beta2, epsilon, weightDecay, begins });
  const [newParams = [], newM = [], newV = [], control = []] = cut(outputs, [
    count,
    count,
    count,
    STEP_CONTROL.length,
  ]);
  return { params: newParams, m: newM, v: newV, ...named(STEP_CONTROL, control) };
}
