/** Small helpers for a page without a framework. */

/** The element of that id, which must be of that kind: the page's own HTML says so. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} with the id '${id}'`);
}

interface Parts {
  readonly className?: string;
  readonly text?: string;
  readonly title?: string;
}

/** A new element with its class, text and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { className, text, title }: Parts = {},
  ...children: readonly Node[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== undefined) element.className = className;
  if (text !== undefined) element.textContent = text;
  if (title !== undefined) element.title = title;
  element.append(...children);
  return element;
}

/** Bytes for people: `401 KB`. */
export function showBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(2)} MB`;
}

/** A loss or the like in few characters: `0.3412`, `1.2e-7`. */
export function showNumber(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
  return Math.abs(value) >= 100 ? value.toFixed(1) : value.toFixed(4);
}

/** `1:05` for 65 seconds. */
export function showTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
