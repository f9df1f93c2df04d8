/** Convolution of sequences. */

import { ops, type Tensor, type Variable } from '../../engine/index.js';
import { checkedCount } from '../checks.js';
import { defineLayer } from '../layer.js';
import { checkedEnds, imageShape, type Pair } from '../windows.js';
import { floatDtype } from './common-dtype.js';
import {
  checkChannels,
  checkedOutput,
  checkGroups,
  convolvedExtent,
  isPointwise,
  knownChannels,
  OTHER_NAMES,
  OUTPUT_OPTIONS,
  type OutputOptions,
  pointwiseProduct,
  WINDOW_OPTIONS,
  type Window2d,
} from './convolution-parts.js';
import { type WeightRuleOptions, weightOptions, weightRules } from './weight-rules.js';

export interface Conv1dOptions extends OutputOptions, WeightRuleOptions<'kernel'> {
  /** Channels of the output, a positive integer. */
  readonly filters: number;
  /** Steps that the kernel covers. */
  readonly kernelSize: number;
  /** Default 1. */
  readonly strides?: number;
  /** Distance of the kernel's cells; also together with strides. Default 1. */
  readonly dilations?: number;
  /**
   * Zeros around the sequence: `'valid'` none; `'same'` as many as make the output ⌈in / stride⌉ long, the odd one at the end; one
   * number for both sides; or [before, after]. Default `'valid'`.
   */
  readonly padding?: 'valid' | 'same' | number | Pair;
  /** Channels and filters in as many parts, each convolved by itself. Default 1. */
  readonly groups?: number;
}

interface ConvWeights {
  /** [length, in / groups, filters] */
  readonly kernel: Variable;
  /** [filters] */
  readonly bias: Variable | null;
}

/**
 * y = activation(x ∗ kernel + bias): [batch, L, C] → [batch, P, filters], P = ⌊(L + before + after − (size − 1)·dilation − 1) / stride⌋ + 1.
 * Defaults and errors are those of `conv2d`.
 */
export const conv1d = defineLayer<Conv1dOptions, ConvWeights>({
  type: 'conv1d',
  options: ['filters', ...WINDOW_OPTIONS, 'groups', ...OUTPUT_OPTIONS, ...weightOptions('kernel')],
  otherNames: OTHER_NAMES,
  create(options, label) {
    const filters = checkedCount(label, 'filters', options.filters);
    const groups = checkedCount(label, 'groups', options.groups ?? 1);
    const size = checkedCount(label, 'kernelSize', options.kernelSize);
    const strides = checkedCount(label, 'strides', options.strides ?? 1);
    const dilations = checkedCount(label, 'dilations', options.dilations ?? 1);
    const padding = checkedEnds(label, options.padding ?? 'valid');
    const window: Window2d = {
      kernelSize: [1, size],
      strides: [1, strides],
      dilations: [1, dilations],
      padding: typeof padding === 'string' ? padding : [[0, 0], padding],
    };
    const { kernelSize: _, ...moves } = window;
    const pointwise = isPointwise(window, groups);
    const { useBias, finish } = checkedOutput(label, options);
    const kernelRules = weightRules(label, 'kernel', options, 'glorotUniform');
    const biasRules = weightRules(label, 'bias', options, 'zeros');
    return {
      outputShape(inputs) {
        const [batch = null, length = null] = imageShape(label, inputs, 3);
        return [batch, convolvedExtent(label, length, window, 1, 'length'), filters];
      },
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      build(weights, inputs) {
        const channels = knownChannels(label, imageShape(label, inputs, 3));
        checkGroups(label, groups, { channels, filters });
        const kernel = kernelRules.add(weights, [size, channels / groups, filters]);
        return { kernel, bias: useBias ? biasRules.add(weights, [filters]) : null };
      },
      call([input], { kernel, bias }) {
        const x = input as Tensor;
        checkChannels(label, x, (kernel.shape[1] ?? 0) * groups, kernel.shape);
        const [batch = 0, length = 0, channels = 0] = x.shape;
        if (pointwise) return finish(pointwiseProduct(x, kernel), bias, [batch, length, filters]);
        // `ops.conv1d`, with bias and activation before its last view.
        const image = ops.reshape(x, [batch, 1, length, channels]);
        const y = ops.conv2d(image, ops.reshape(kernel, [1, ...kernel.shape]), { ...moves, groups });
        return finish(y, bias, [batch, y.shape[2] ?? 0, filters]);
      },
    };
  },
});
