/**
 * Finds a key that stands twice in one JSON object. `JSON.parse` keeps the last of them and says nothing, so that a file could mean
 * one thing to us and another to the next reader.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;

export interface DuplicateKey {
  readonly key: string;
  /** The keys that lead to the object, outermost first; empty for the outermost object. */
  readonly path: readonly string[];
}

/**
 * The first duplicate key of `json`, or `null`. Keys are compared after unescaping: `"a"` and `"\u0061"` are one.
 *
 * `json` must be valid JSON (`JSON.parse` took it), which is why this can be a scan: there a string is a key exactly when a colon follows.
 */
export function findDuplicateKey(json: string): DuplicateKey | null {
  const objects: { readonly seen: Set<string>; key: string }[] = [];
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === OPEN) objects.push({ seen: new Set(), key: '' });
    else if (code === CLOSE) objects.pop();
    if (code !== QUOTE) continue;
    const start = at;
    at = endOfString(json, start);
    const object = objects.at(-1);
    if (!object || json.charCodeAt(skipSpace(json, at + 1)) !== COLON) continue;
    object.key = JSON.parse(json.slice(start, at + 1));
    if (object.seen.has(object.key)) {
      return { key: object.key, path: objects.slice(0, -1).map((outer) => outer.key) };
    }
    object.seen.add(object.key);
  }
  return null;
}

/** The index of the quote that closes the string opened at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json.charCodeAt(at) !== QUOTE) at += json.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

function skipSpace(json: string, start: number): number {
  let at = start;
  while (' \t\n\r'.includes(json.charAt(at)) && at < json.length) at++;
  return at;
}
