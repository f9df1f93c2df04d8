// The TypeScript of the documentation: every ```ts block of README.md, CONTRIBUTING.md and docs/ is a program of its own.
import { readdirSync, readFileSync } from 'node:fs';
import { projectRoot } from '../../../tools/entries.js';

export interface DocBlock {
  /** A file name: `readme-1`. */
  readonly name: string;
  /** Where it stands: `README.md:12`. */
  readonly place: string;
  readonly code: string;
  /** What its `console.log` lines say that they print, in order: the text behind `// →`; `null` where they don't say. */
  readonly prints: readonly (string | null)[];
}

export function docBlocks(): DocBlock[] {
  return documents().flatMap((path) => {
    const text = readFileSync(new URL(path, projectRoot), 'utf8');
    const stem = path.replace(/\.md$/, '').replaceAll(/\W+/g, '-').toLowerCase();
    return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match, index) => ({
      name: `${stem}-${index + 1}`,
      place: `${path}:${text.slice(0, match.index).split('\n').length}`,
      code: match[1] ?? '',
      prints: printsOf(match[1] ?? ''),
    }));
  });
}

function documents(): string[] {
  const docs = readdirSync(new URL('docs/', projectRoot), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    'CONTRIBUTING.md',
    ...docs.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`),
  ];
}

const printsOf = (code: string): (string | null)[] =>
  code
    .split('\n')
    .filter((line) => /^\s*console\.log\(/.test(line))
    .map((line) => /\/\/ → (.*)$/.exec(line)?.[1]?.trim() ?? null);
