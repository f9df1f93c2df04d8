/** Convolution of each channel by itself. */

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
  WINDOW_OPTIONS,
  type Window2dOptions,
} from './convolution-parts.js';
import { type WeightRuleOptions, weightOptions, weightRules } from './weight-rules.js';

export interface DepthwiseConv2dOptions
  extends Window2dOptions,
    OutputOptions,
    WeightRuleOptions<'depthwise'> {
  /** Filters of each channel, a positive integer. Default 1. */
  readonly depthMultiplier?: number;
}

interface DepthwiseWeights {
  /** [height, width, channels, multiplier] */
  readonly kernel: Variable;
  /** [channels · multiplier] */
  readonly bias: Variable | null;
}

/**
 * Each channel convolved with `depthMultiplier` filters of its own, then bias and activation: [batch, H, W, C] →
 * [batch, P, Q, C · depthMultiplier], channel c · depthMultiplier + m from channel c and filter m. `depthwiseInitializer` is
 * `glorotUniform`; the rest is as for `conv2d`, without groups.
 */
export const depthwiseConv2d = defineLayer<DepthwiseConv2dOptions, DepthwiseWeights>({
  type: 'depthwiseConv2d',
  options: [...WINDOW_OPTIONS, 'depthMultiplier', ...OUTPUT_OPTIONS, ...weightOptions('depthwise')],
  otherNames: OTHER_NAMES,
  create(options, label) {
    const multiplier = checkedCount(label, 'depthMultiplier', options.depthMultiplier ?? 1);
    const window = checkedWindow(label, options);
    const { kernelSize, ...moves } = window;
    const { useBias, finish } = checkedOutput(label, options);
    const kernelRules = weightRules(label, 'depthwise', options, 'glorotUniform', 'depthwiseKernel');
    const biasRules = weightRules(label, 'bias', options, 'zeros');
    return {
      outputShape(inputs) {
        const [batch = null, height = null, width = null, channels = null] = imageShape(label, inputs);
        return [
          batch,
          convolvedExtent(label, height, window, 0),
          convolvedExtent(label, width, window, 1),
          channels && channels * multiplier,
        ];
      },
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      build(weights, inputs) {
        const channels = knownChannels(label, imageShape(label, inputs));
        const kernel = kernelRules.add(weights, [...kernelSize, channels, multiplier]);
        return { kernel, bias: useBias ? biasRules.add(weights, [channels * multiplier]) : null };
      },
      call([input], { kernel, bias }) {
        const x = input as Tensor;
        checkChannels(label, x, kernel.shape[2] ?? 0, kernel.shape);
        return finish(ops.depthwiseConv2d(x, kernel, moves), bias);
      },
    };
  },
});
