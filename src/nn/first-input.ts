/** What the options of a layer say of its input: `inputShape`, or `batchInputShape` with the batch. */

import { HeddleError } from '../engine/index.js';
import type { CommonLayerOptions } from './layer-definition.js';
import { checkedShape, type FreeShape, fitsFree, showFree } from './shapes.js';

export interface FirstInput {
  /** Without batch; `null` where the user did not give it. */
  readonly inputShape: FreeShape | null;
  /** The only size of a batch that the user wants it to take; `null` for any. */
  readonly batchSize: number | null;
}

/** Throws a HeddleError for shapes that are none, and where both are given. */
export function firstInput(label: string, options: CommonLayerOptions): FirstInput {
  const { inputShape, batchInputShape } = options;
  if (batchInputShape === undefined) {
    return {
      inputShape: inputShape === undefined ? null : checkedShape(label, 'inputShape', inputShape),
      batchSize: null,
    };
  }
  const [batchSize, ...shape] = checkedShape(label, 'batchInputShape', batchInputShape);
  if (inputShape === undefined && batchSize !== undefined) {
    return { inputShape: Object.freeze(shape), batchSize };
  }
  throw new HeddleError({
    op: label,
    message: inputShape ? 'both inputShape and batchInputShape are given' : 'batchInputShape is []',
    roles: ['inputShape', 'batchInputShape'],
    values: { inputShape, batchInputShape },
    fix: 'give one of them: batchInputShape is the batch, then inputShape',
  });
}

/** Throws a HeddleError where `input`, batch first, is not what the layer's options say. */
export function checkFirstInput(
  { label, inputShape, batchSize }: FirstInput & { readonly label: string },
  input: FreeShape,
): void {
  if (!inputShape) return;
  const expected = [batchSize, ...inputShape];
  if (fitsFree(input, expected)) return;
  const [role, told] =
    batchSize === null ? (['inputShape', inputShape] as const) : (['batchInputShape', expected] as const);
  throw new HeddleError({
    op: label,
    message: `${role} is ${showFree(told)}, the input ${showFree(input)}`,
    roles: [role, 'input'],
    values: { [role]: told, input },
    fix: `leave ${role} out: only the first layer of a sequential needs it`,
  });
}
