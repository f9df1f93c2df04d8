/** Convolution of images. */

import { ops, type Tensor, type Variable } from '../../engine/index.js';
import { checkedCount } from '../checks.js';
import { defineLayer } from '../layer.js';
import { imageShape } from '../windows.js';
import { floatDtype } from './common-dtype.js';
import {
  checkChannels,
  checkedOutput,
  checkedWindow,
  checkGroups,
  convolvedExtent,
  isPointwise,
  knownChannels,
  OTHER_NAMES,
  OUTPUT_OPTIONS,
  type OutputOptions,
  pointwiseProduct,
  WINDOW_OPTIONS,
  type Window2dOptions,
} from './convolution-parts.js';
import { type WeightRuleOptions, weightOptions, weightRules } from './weight-rules.js';

export interface Conv2dOptions extends Window2dOptions, OutputOptions, WeightRuleOptions<'kernel'> {
  /** Channels of the output, a positive integer. */
  readonly filters: number;
  /** Channels and filters in as many parts, each convolved by itself. Default 1. */
  readonly groups?: number;
}

interface ConvWeights {
  /** [height, width, in / groups, filters] */
  readonly kernel: Variable;
  /** [filters] */
  readonly bias: Variable | null;
}

/**
 * y = activation(x ∗ kernel + bias): [batch, H, W, C] → [batch, P, Q, filters],
 * P = ⌊(H + top + bottom − (height − 1)·dilation − 1) / stride⌋ + 1. `kernelInitializer` is `glorotUniform`, `biasInitializer` `zeros`;
 * regularizers and constraints are none by default.
 *
 * @throws HeddleError for numbers that are no positive integers, unknown names, groups that do not divide channels and filters, inputs
 * that are no images, and a kernel larger than the padded input.
 */
export const conv2d = defineLayer<Conv2dOptions, ConvWeights>({
  type: 'conv2d',
  options: ['filters', ...WINDOW_OPTIONS, 'groups', ...OUTPUT_OPTIONS, ...weightOptions('kernel')],
  otherNames: OTHER_NAMES,
  create(options, label) {
    const filters = checkedCount(label, 'filters', options.filters);
    const groups = checkedCount(label, 'groups', options.groups ?? 1);
    const window = checkedWindow(label, options);
    const { kernelSize, ...moves } = window;
    const pointwise = isPointwise(window, groups);
    const { useBias, finish } = checkedOutput(label, options);
    const kernelRules = weightRules(label, 'kernel', options, 'glorotUniform');
    const biasRules = weightRules(label, 'bias', options, 'zeros');
    return {
      outputShape(inputs) {
        const [batch = null, height = null, width = null] = imageShape(label, inputs);
        return [
          batch,
          convolvedExtent(label, height, window, 0),
          convolvedExtent(label, width, window, 1),
          filters,
        ];
      },
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      build(weights, inputs) {
        const channels = knownChannels(label, imageShape(label, inputs));
        checkGroups(label, groups, { channels, filters });
        const kernel = kernelRules.add(weights, [...kernelSize, channels / groups, filters]);
        return { kernel, bias: useBias ? biasRules.add(weights, [filters]) : null };
      },
      call([input], { kernel, bias }) {
        const x = input as Tensor;
        checkChannels(label, x, (kernel.shape[2] ?? 0) * groups, kernel.shape);
        if (!pointwise) return finish(ops.conv2d(x, kernel, { ...moves, groups }), bias);
        return finish(pointwiseProduct(x, kernel), bias, [...x.shape.slice(0, -1), filters]);
      },
    };
  },
});
