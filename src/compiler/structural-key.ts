/** Attributes as text and as equality: what tells two nodes of one op apart. */

/**
 * `value` as text. Tables that an attribute refers to (ops, rows, variables: objects that carry functions) appear by their
 * name; numbers in typed arrays by themselves.
 */
export function structuralKey(value: unknown): string {
  if (Array.isArray(value) || isTypedArray(value)) return `[${Array.from(value, structuralKey).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const name = 'name' in value ? value.name : undefined;
  if (typeof name === 'string' && entries.some(([, member]) => typeof member === 'function')) return name;
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${key}:${structuralKey(member)}`)
    .join(',')}}`;
}

/** Equal by content; functions, and objects that are not plain data, by identity. */
export function structurallyEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (isTypedArray(a)) return isTypedArray(b) && a.constructor === b.constructor && sameMembers(a, b);
  if (Array.isArray(a)) return Array.isArray(b) && sameMembers(a, b);
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => key in b && structurallyEqual(a[key], b[key]))
  );
}

function sameMembers(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!structurallyEqual(a[i], b[i])) return false;
  return true;
}

type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

const isTypedArray = (value: unknown): value is TypedArray =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
