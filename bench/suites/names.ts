/** The names of the suites, in order, apart from the suites themselves: a command lists them without loading any engine. */

export const SUITE_NAMES = [
  'steps',
  'recurrent',
  'matmul',
  'convolution',
  'pooling',
  'reductions',
  'softmax',
  'normalisation',
  'elementwise',
  'optimizer',
  'cells',
  'inference',
  'memory',
  'javascript',
  'roofline',
] as const;
