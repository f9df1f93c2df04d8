/** WebNN cases that are left out, each with its reason. */

const LOST = 'JSON lost its infinities or NaN: null where the case needs a number';

/** By file and name. */
export const SKIPPED: Readonly<Record<string, string>> = {
  'add/add float32 large inputs':
    'one number stands for 36,000,000: 144 MB a tensor, more than a default binding holds',
  'cast/cast float32 4D tensor to uint8': 'uint8 is a format of data that is fed, never the result of an op',
  'clamp/minValue as -Infinity': LOST,
  'clamp/minValue as Infinity': LOST,
  'clamp/maxValue as -Infinity': LOST,
  'clamp/maxValue as Infinity': LOST,
  'clamp/minValue == maxValue': LOST,
  'clamp/minValue as NaN': LOST,
  'clamp/maxValue as NaN': LOST,
};

/** Why a case is left out; nothing where it is not. */
export const reasonLeftOut = (file: string, name: string): string | undefined => SKIPPED[`${file}/${name}`];
