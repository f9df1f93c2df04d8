/** A text that the user brings along: checked before anything is trained on it, since a bad one would only show as bad sentences. */

/** Fewer characters teach nothing that could be told from luck. */
const LEAST_CHARACTERS = 2_000;
/** More would not be read once in an hour. */
const MOST_BYTES = 10_000_000;

/** What is wrong with a file, in words. */
export class TextFileError extends Error {
  constructor(name: string, problem: string, fix: string) {
    super(`${name}: ${problem}. ${fix}`);
    this.name = 'TextFileError';
  }
}

/** Throws `TextFileError` where `bytes` are too many. For those who can ask before they read. */
export function checkTextSize(name: string, bytes: number): void {
  if (bytes === 0) throw new TextFileError(name, 'it is empty', 'Choose a text to learn from.');
  if (bytes <= MOST_BYTES) return;
  const megabytes = (count: number): string => `${(count / 1e6).toFixed(0)} MB`;
  throw new TextFileError(
    name,
    `it has ${megabytes(bytes)}, more than ${megabytes(MOST_BYTES)}`,
    'Choose a part of it.',
  );
}

/**
 * The text of a file in UTF-8: line breaks of every kind are `\n`, a byte order mark is left out. Throws `TextFileError` for a file that is
 * empty, too large or too short, that is no UTF-8, or that holds control characters, as pictures and programs do.
 */
export function readText(name: string, bytes: Uint8Array): string {
  checkTextSize(name, bytes.length);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new TextFileError(name, 'it is no text in UTF-8', 'Save it as UTF-8, or choose another file.');
  }
  text = text.replace(/\r\n?/g, '\n');
  const control = controlAt(text);
  if (control >= 0) {
    const code = text.charCodeAt(control).toString(16).padStart(4, '0');
    throw new TextFileError(
      name,
      `it is no plain text: character ${control} is the control character U+${code}`,
      'Choose a text file.',
    );
  }
  const characters = [...text].length;
  if (characters >= LEAST_CHARACTERS) return text;
  throw new TextFileError(
    name,
    `it has ${characters} characters`,
    `A model needs at least ${LEAST_CHARACTERS.toLocaleString('en')} to learn from.`,
  );
}

/** Where the first control character stands that is no tab or line break; −1 where there is none. */
function controlAt(text: string): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 9 || (code > 13 && code < 32)) return index;
  }
  return -1;
}
