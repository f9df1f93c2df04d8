/** Ops that end a training step, for the floor above; not part of the public API. */

export * from '../ops/training/index.js';
