// A process of cases: what the page is in a browser. Its one argument is the module of all cases.
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import type { Failure } from '../../test/gpu/kit.js';
import { installDawn } from '../dawn.js';
import type { Answer, Question } from './messages.js';

const say = (answer: Answer): void => {
  process.send?.(answer);
};

const sayError = (error: unknown): void =>
  say({ say: 'error', message: error instanceof Error ? error.message : String(error) });

/** As in a page, what is written as an error is a failure. */
let complaints: Failure[] = [];
console.error = (...words: unknown[]) => {
  complaints.push({ what: 'console error', expected: 'none', actual: format(...words) });
};

async function answerTo(question: Question): Promise<Answer> {
  if (question.ask === 'list') return { say: 'list', names: await gpuCases.list() };
  const { failures } = await gpuCases.run(question.file, question.name);
  const found = complaints;
  complaints = [];
  return { say: 'verdict', failures: [...failures, ...found] };
}

try {
  const adapter = await installDawn();
  await import(pathToFileURL(process.argv[2] ?? '').href);
  process.on('message', (question: Question) => void answerTo(question).then(say, sayError));
  process.on('disconnect', () => process.exit());
  say({ say: 'ready', adapter });
} catch (error) {
  sayError(error);
}
