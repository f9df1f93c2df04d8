/** Depthwise convolution, then a 1×1 convolution over its channels. */

import { ops, type Tensor, type Variable } from '../../engine/index.js';
import { checkedCount } from '../checks.js';
import { defineLayer } from '../layer.js';
import { imageShape } from '../windows.js';
import { floatDtype } from './common-dtype.js';
import {
  checkChannels,
  checkedOutput,
  checkedWindow,
  convolvedExtent,
  knownChannels,
  OTHER_NAMES,
  OUTPUT_OPTIONS,
  type OutputOptions,
  pointwiseProduct,
  WINDOW_OPTIONS,
  type Window2dOptions,
} from './convolution-parts.js';
import { type WeightRuleOptions, weightOptions, weightRules } from './weight-rules.js';

export interface SeparableConv2dOptions
  extends Window2dOptions,
    OutputOptions,
    WeightRuleOptions<'depthwise'>,
    WeightRuleOptions<'pointwise'> {
  /** Channels of the output, a positive integer. */
  readonly filters: number;
  /** Depthwise filters of each channel, a positive integer. Default 1. */
  readonly depthMultiplier?: number;
}

interface SeparableWeights {
  /** [height, width, channels, multiplier] */
  readonly depthwise: Variable;
  /** [1, 1, channels · multiplier, filters] */
  readonly pointwise: Variable;
  /** [filters] */
  readonly bias: Variable | null;
}

/**
 * `depthwiseConv2d` without bias and activation, then a 1×1 convolution, bias and activation: [batch, H, W, C] → [batch, P, Q, filters].
 * Both initializers are `glorotUniform`; the rest is as for `conv2d`, without groups.
 */
export const separableConv2d = defineLayer<SeparableConv2dOptions, SeparableWeights>({
  type: 'separableConv2d',
  options: [
    'filters',
    ...WINDOW_OPTIONS,
    'depthMultiplier',
    ...OUTPUT_OPTIONS,
    ...weightOptions('depthwise'),
    ...weightOptions('pointwise'),
  ],
  otherNames: OTHER_NAMES,
  create(options, label) {
    const filters = checkedCount(label, 'filters', options.filters);
    const multiplier = checkedCount(label, 'depthMultiplier', options.depthMultiplier ?? 1);
    const window = checkedWindow(label, options);
    const { kernelSize, ...moves } = window;
    const { useBias, finish } = checkedOutput(label, options);
    const depthwiseRules = weightRules(label, 'depthwise', options, 'glorotUniform', 'depthwiseKernel');
    const pointwiseRules = weightRules(label, 'pointwise', options, 'glorotUniform', 'pointwiseKernel');
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
        return {
          depthwise: depthwiseRules.add(weights, [...kernelSize, channels, multiplier]),
          pointwise: pointwiseRules.add(weights, [1, 1, channels * multiplier, filters]),
          bias: useBias ? biasRules.add(weights, [filters]) : null,
        };
      },
      call([input], { depthwise, pointwise, bias }) {
        const x = input as Tensor;
        checkChannels(label, x, depthwise.shape[2] ?? 0, depthwise.shape);
        const y = ops.depthwiseConv2d(x, depthwise, moves);
        return finish(pointwiseProduct(y, pointwise), bias, [...y.shape.slice(0, -1), filters]);
      },
    };
  },
});
