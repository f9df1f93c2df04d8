/** Transposed convolution: from small images to larger ones. */

import { HeddleError, ops, type Tensor, type Variable } from '../../engine/index.js';
import { checkedCount } from '../checks.js';
import { defineLayer } from '../layer.js';
import { checkedPair, imageShape, type Pair } from '../windows.js';
import { floatDtype } from './common-dtype.js';
import {
  checkChannels,
  checkedOutput,
  checkedWindow,
  checkGroups,
  isPointwise,
  knownChannels,
  OTHER_NAMES,
  OUTPUT_OPTIONS,
  type OutputOptions,
  pointwiseProduct,
  transposedExtent,
  WINDOW_OPTIONS,
  type Window2d,
  type Window2dOptions,
} from './convolution-parts.js';
import { type WeightRuleOptions, weightOptions, weightRules } from './weight-rules.js';

export interface Conv2dTransposeOptions extends Window2dOptions, OutputOptions, WeightRuleOptions<'kernel'> {
  /** Channels of the output, a positive integer. */
  readonly filters: number;
  /** Channels and filters in as many parts, each convolved by itself. Default 1. */
  readonly groups?: number;
  /** Rows and columns more at the end, fewer than the strides. Not with `padding: 'same'`. Default: see the layer. */
  readonly outputPadding?: number | Pair;
}

interface ConvWeights {
  /** [height, width, filters / groups, in] */
  readonly kernel: Variable;
  /** [filters] */
  readonly bias: Variable | null;
}

/**
 * The gradient of `conv2d` to its input as a layer, with bias and activation: [batch, P, Q, C] → [batch, H, W, filters].
 * H = (P − 1)·stride + (height − 1)·dilation + 1 − top − bottom + outputPadding, outputPadding 0 by default; `'same'` gives
 * H = P·stride, and `'valid'` at least that, as in Keras. Defaults and errors are those of `conv2d`.
 */
export const conv2dTranspose = defineLayer<Conv2dTransposeOptions, ConvWeights>({
  type: 'conv2dTranspose',
  options: [
    'filters',
    ...WINDOW_OPTIONS,
    'outputPadding',
    'groups',
    ...OUTPUT_OPTIONS,
    ...weightOptions('kernel'),
  ],
  otherNames: OTHER_NAMES,
  create(options, label) {
    const filters = checkedCount(label, 'filters', options.filters);
    const groups = checkedCount(label, 'groups', options.groups ?? 1);
    const window = checkedWindow(label, options);
    const { kernelSize, ...moves } = window;
    const pointwise = isPointwise(window, groups);
    const extra = checkedOutputPadding(label, options.outputPadding, window);
    const { useBias, finish } = checkedOutput(label, options);
    const kernelRules = weightRules(label, 'kernel', options, 'glorotUniform');
    const biasRules = weightRules(label, 'bias', options, 'zeros');
    return {
      outputShape(inputs) {
        const [batch = null, height = null, width = null] = imageShape(label, inputs);
        return [
          batch,
          transposedExtent(label, height, window, 0, extra),
          transposedExtent(label, width, window, 1, extra),
          filters,
        ];
      },
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      build(weights, inputs) {
        const channels = knownChannels(label, imageShape(label, inputs));
        checkGroups(label, groups, { channels, filters });
        const kernel = kernelRules.add(weights, [...kernelSize, filters / groups, channels]);
        return { kernel, bias: useBias ? biasRules.add(weights, [filters]) : null };
      },
      call([input], { kernel, bias }) {
        const x = input as Tensor;
        checkChannels(label, x, kernel.shape[3] ?? 0, kernel.shape);
        if (pointwise) {
          const sums = pointwiseProduct(x, kernel, { transposeB: true });
          return finish(sums, bias, [...x.shape.slice(0, -1), filters]);
        }
        const outputPadding = extra ? { outputPadding: extra } : {};
        return finish(ops.conv2dTranspose(x, kernel, { ...moves, groups, ...outputPadding }), bias);
      },
    };
  },
});

function checkedOutputPadding(label: string, value: unknown, { padding, strides }: Window2d): Pair | null {
  if (value === undefined) return null;
  const pair = checkedPair(label, 'outputPadding', value, 0);
  if (padding !== 'same' && pair.every((one, axis) => one < (strides[axis] as number))) return pair;
  throw new HeddleError({
    op: label,
    message:
      padding === 'same'
        ? "padding 'same' already settles the size"
        : `outputPadding [${pair.join(',')}] is not below the strides [${strides.join(',')}]`,
    roles: ['outputPadding', padding === 'same' ? 'padding' : 'strides'],
    values: { outputPadding: pair, strides, padding },
    fix:
      padding === 'same'
        ? 'leave outputPadding out, or give padding as numbers'
        : 'use smaller numbers, or larger strides',
  });
}
