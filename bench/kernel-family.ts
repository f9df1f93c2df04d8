/** What kind of work a kernel does, by its entry point: what has one colour in a timeline. */

export const FAMILIES = [
  'matrix product',
  'convolution',
  'recurrent cell',
  'pooling',
  'reduction, softmax, loss',
  'elementwise',
  'movement',
  'optimizer, bookkeeping',
] as const;

export type KernelFamily = (typeof FAMILIES)[number];

/** The first whose pattern fits; what none knows is a user's own, and mostly elementwise. */
const PATTERNS: readonly (readonly [RegExp, KernelFamily])[] = [
  [/^matmul/, 'matrix product'],
  [/^convolution/, 'convolution'],
  [/^(lstm|gru|simple_rnn|recurrent)/, 'recurrent cell'],
  [/^pool/, 'pooling'],
  [/^(reduce|softmax|crossentropy|arg_|batch_sums)/, 'reduction, softmax, loss'],
  [/^(adam|sgd|commit|begin_step|training_tail|next_batch)/, 'optimizer, bookkeeping'],
  [/^(gather|strided_copy|transpose|concat|pad|broadcast|one_hot|rank_indices|affine)/, 'movement'],
];

export const familyOf = (entryPoint: string): KernelFamily =>
  PATTERNS.find(([pattern]) => pattern.test(entryPoint))?.[1] ?? 'elementwise';
