/** `shaders/crossentropy.wgsl`: softmax cross-entropy and its gradient to the logits, with an epilogue on the gradient. */

import source from '../../shaders/crossentropy.wgsl?raw';
import { type Attachment, assembleKernel, paramValues, type TypedBinding } from './attachment.js';
import { foldWorkgroups, type Launch } from './kernel.js';
import { extentCode } from './reduce-layout.js';
import { constants } from './specialise.js';

export interface CrossentropyUse {
  /** `labels`: one int32 per row. `targets`: one float32 per row and class. */
  readonly kind: 'labels' | 'targets';
  readonly rows: number;
  readonly classes: number;
  /** The classes are the outermost axis (one row): their number is a parameter. */
  readonly dynamic: boolean;
  readonly withLoss: boolean;
  readonly withGradient: boolean;
  /** WGSL scalar of the gradient after the epilogue. */
  readonly result: string;
  readonly epilogue?: Attachment | undefined;
}

const SERIAL_WIDTH = 64;

/** One invocation per row. Bindings: logits, labels or targets, then losses and gradient where wanted, then the epilogue's. */
export function crossentropySerial(use: CrossentropyUse): Launch {
  return launch('crossentropy_serial', SERIAL_WIDTH, use, Math.ceil(use.rows / SERIAL_WIDTH));
}

/** One workgroup of `width` (a power of two) per row. Bindings as `crossentropySerial`. */
export function crossentropyTree(use: CrossentropyUse, width: number): Launch {
  return launch('crossentropy_tree', width, use, use.rows);
}

const TARGETS: Readonly<Record<CrossentropyUse['kind'], readonly string[]>> = {
  labels: [
    'fn label_of(row: u32) -> u32 { return u32(clamp(labels[row], 0, i32(EXTENT) - 1)); }',
    'fn target_at(index: u32, c: u32, label: u32) -> f32 { return select(0.0, 1.0, c == label); }',
  ],
  targets: [
    'fn label_of(row: u32) -> u32 { return 0u; }',
    'fn target_at(index: u32, c: u32, label: u32) -> f32 { return targets[index]; }',
  ],
};

function launch(entryPoint: string, width: number, use: CrossentropyUse, groups: number): Launch {
  const { kind, rows, classes, dynamic, withLoss, withGradient, result, epilogue } = use;
  const bindings: TypedBinding[] = [
    { name: 'logits', access: 'read', type: 'array<f32>' },
    { name: kind, access: 'read', type: kind === 'labels' ? 'array<i32>' : 'array<f32>' },
  ];
  if (withLoss) bindings.push({ name: 'losses', access: 'write', type: 'array<f32>' });
  if (withGradient) bindings.push({ name: 'gradient', access: 'write', type: `array<${result}>` });
  const attachments = [withGradient ? epilogue : undefined];
  const stored = epilogue ? (dynamic ? 'epilogue(value, 0u, c)' : 'epilogue(value, row, c)') : 'value';
  const kernel = assembleKernel({
    entryPoint,
    source,
    baked: [kind, width, dynamic ? 'n' : classes, withLoss, withGradient ? `${result} ${stored}` : false],
    declarations: [
      constants({ WIDTH: width, WITH_GRADIENT: withGradient }),
      extentCode(dynamic ? null : classes),
      ...TARGETS[kind],
      `fn store_loss(row: u32, loss: f32) {${withLoss ? ' losses[row] = loss; ' : ''}}`,
      `fn store_gradient(index: u32, row: u32, c: u32, value: f32) {${withGradient ? ` gradient[index] = ${stored}; ` : ''}}`,
    ],
    params: [
      { name: 'rows', type: 'u32' },
      { name: 'extent', type: 'u32' },
    ],
    bindings,
    attachments,
  });
  return { kernel, workgroups: foldWorkgroups(groups), params: paramValues([rows, classes], attachments) };
}
