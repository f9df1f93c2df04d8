/** `verify`: is this user's device right, for this very model or program? */

import { type Feeds, Program, type VerifyReport, verifyProgram } from '../engine/index.js';
import type { Model } from './model.js';

type ModelData = Parameters<Model['verify']>[0];

/**
 * Runs the plan that trains a model (or a compiled program) once, dispatch by dispatch, reads what each step really read and wrote, and
 * compares it with the reference; then restores all state. Prints nothing: see `report.print()`.
 *
 * @param data for a model `{ x, y }`, by default the data of the last `fit`; for a program its feeds.
 * @throws HeddleError on the CPU device, which is the reference itself.
 */
export function verify(target: Model, data?: ModelData): Promise<VerifyReport>;
export function verify(target: Program, data?: Feeds): Promise<VerifyReport>;
export function verify(target: Model | Program, data?: ModelData | Feeds): Promise<VerifyReport> {
  if (target instanceof Program) return verifyProgram(target, data as Feeds | undefined);
  return target.verify(data as ModelData);
}
