/** Whether something is a callback of `fit`. A slip in a method's name would otherwise be silence. */

import { HeddleError, unknownName } from '../../engine/index.js';
import type { Callback } from './callbacks.js';

const HOOKS = ['onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onBatchEnd'] as const;

/** @throws HeddleError for what is no callback, and for methods `on…` that nothing would call; other members are the callback's own. */
export function checkCallback(callback: Callback): void {
  if (typeof callback !== 'object' || callback === null) {
    throw new HeddleError({
      op: 'fit',
      message: `a callback is ${callback === null ? 'null' : `a ${typeof callback}`}`,
      roles: ['callbacks'],
      values: { callback },
      fix:
        typeof callback === 'function'
          ? 'call it to make one: callbacks: [earlyStopping()]; or pass an object: { onEpochEnd() {} }'
          : 'pass objects: callbacks: [{ onEpochEnd(epoch, logs) {} }]',
    });
  }
  const wrong = membersOf(callback).find(
    (name) => /^on[A-Z]/.test(name) && !(HOOKS as readonly string[]).includes(name),
  );
  if (wrong !== undefined) throw unknownName('fit', 'callback', wrong, HOOKS);
}

/** The names in `callback`, those of its class too. */
function membersOf(callback: object): string[] {
  const names: string[] = [];
  for (let one = callback; one && one !== Object.prototype; one = Object.getPrototypeOf(one))
    names.push(...Object.getOwnPropertyNames(one));
  return names;
}
