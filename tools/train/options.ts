// The command line of `npm run train`: what may be said, what is meant, and what is wrong with it.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { RunRequest } from '../../demo/driver/events.js';
import {
  type Brought,
  CATALOGUE,
  type ExampleInfo,
  type ExampleName,
} from '../../demo/examples/catalogue.js';
import { unknownExample } from '../../demo/examples/find.js';
import { nearest } from '../../src/core/errors.js';
import { broughtFiles, UsageError } from './brought.js';

export { UsageError };

export interface TrainOptions {
  readonly kind: 'train';
  readonly example: ExampleInfo;
  readonly request: RunRequest;
  /** Absolute paths of what the user brought along; none where nothing was. */
  readonly files: readonly string[];
  readonly json: boolean;
  /** Absolute. */
  readonly out: string;
}

export type Command = TrainOptions | { readonly kind: 'list' } | { readonly kind: 'help' };

const FLAGS = {
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  example: { type: 'string' },
  epochs: { type: 'string' },
  'batch-size': { type: 'string' },
  seed: { type: 'string' },
  device: { type: 'string' },
  folder: { type: 'string' },
  text: { type: 'string' },
  out: { type: 'string' },
} as const;

const DEVICES = ['webgpu', 'cpu'] as const;

export const HELP = `Usage: npm run train -- [options]

Trains an example in headless Chrome, verifies the plan that trained, and leaves the model and a report.

  --list             the examples, with their defaults
  --example NAME     default fashion-mnist, or the one that takes what is brought along
  --epochs N         passes over the data
  --batch-size N     examples in a step
  --seed N           of first weights and shuffling
  --device DEVICE    webgpu or cpu; default: webgpu where there is an adapter
  --folder DIR       for spoken-digits: WAV files named {digit}_{speaker}_{index}.wav
  --text FILE        for titles: any text in UTF-8, of 2,000 characters or more
  --out DIR          default out
  --json             progress on stderr; the last line of stdout is one JSON object
  --help             this

Ctrl-C ends training after the step in work and saves its weights.`;

export function listText(): string {
  return CATALOGUE.map(({ name, title, teaches, defaults: { epochs, batchSize, seed } }) => {
    const settings = epochs === 0 ? 'no training' : `epochs ${epochs}, batch size ${batchSize}, seed ${seed}`;
    return `${name.padEnd(14)} ${title} (${settings})\n${' '.repeat(15)}${teaches}`;
  }).join('\n');
}

/** Throws `UsageError`, which names the nearest valid word. */
export function parseCommand(args: readonly string[]): Command {
  const values = parse(args);
  if (values.help) return { kind: 'help' };
  if (values.list) return { kind: 'list' };
  const name: ExampleName | string = values.example ?? exampleFor(values);
  const example = CATALOGUE.find((one) => one.name === name);
  if (!example) throw new UsageError(unknownExample(name).message);
  const request: RunRequest = {
    ...number('epochs', values.epochs, 1, 100_000),
    ...number('batchSize', values['batch-size'], 1, 10_000),
    ...number('seed', values.seed, 0, 2 ** 32 - 1),
    ...device(values.device),
    live: false,
  };
  return {
    kind: 'train',
    example,
    request,
    files: broughtFiles(example, { folder: values.folder, text: values.text }),
    json: values.json === true,
    out: resolve(values.out ?? 'out'),
  };
}

/** The example that takes what the user brought along. */
function exampleFor({ folder, text }: { readonly [B in Brought]?: string | undefined }): ExampleName {
  const brought = text !== undefined ? 'text' : folder !== undefined ? 'folder' : null;
  return CATALOGUE.find(({ takes }) => takes === brought)?.name ?? 'fashion-mnist';
}

function parse(args: readonly string[]) {
  const known = Object.keys(FLAGS);
  const { tokens } = parseArgs({ args: [...args], options: FLAGS, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`'${token.value}' is no option; see --help`);
    if (token.kind === 'option' && !known.includes(token.name)) {
      throw new UsageError(
        `unknown option '${token.rawName}': did you mean '--${nearest(token.name, known)}'?`,
      );
    }
  }
  try {
    return parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number<K extends 'epochs' | 'batchSize' | 'seed'>(
  key: K,
  text: string | undefined,
  least: number,
  most: number,
): Partial<Record<K, number>> {
  if (text === undefined) return {};
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return { [key]: value } as Record<K, number>;
  const flag = key === 'batchSize' ? 'batch-size' : key;
  throw new UsageError(`--${flag} is '${text}': use a whole number from ${least} to ${most}`);
}

function device(name: string | undefined): Pick<RunRequest, 'device'> {
  if (name === undefined) return {};
  const found = DEVICES.find((one) => one === name);
  if (found) return { device: found };
  throw new UsageError(
    `there is no device '${name}': did you mean '${nearest(name, DEVICES)}'? All: ${DEVICES.join(', ')}`,
  );
}
