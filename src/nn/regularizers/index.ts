/** The public regularizers: `regularizers.l2({ l2: 1e-4 })`. */

export { type L1Options, type L2Options, l1, l1l2, l2, type Regularizer } from './regularizer.js';
