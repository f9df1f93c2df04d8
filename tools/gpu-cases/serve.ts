// A process of cases: what the page is in a browser. Each engine has a script of its own that brings WebGPU and calls `serveCases`.
import { format } from 'node:util';
import type { Failure } from '../../test/gpu/kit.js';
import type { AdapterReport } from '../adapter.js';
import type { Answer, Question } from './messages.js';
import { serveData } from './serve-data.js';

const say = (answer: Answer): void => {
  process.send?.(answer);
};

const sayError = (error: unknown): void =>
  say({ say: 'error', message: error instanceof Error ? error.message : String(error) });

/**
 * Answers the process that forked this one until it goes away. `load` evaluates the module of all cases, once there is WebGPU; `data` is the
 * folder of the packed data sets.
 */
export async function serveCases(
  install: () => Promise<AdapterReport>,
  load: () => Promise<unknown>,
  data: string,
): Promise<void> {
  serveData(data);
  /** As in a page, what is written as an error is a failure. */
  let complaints: Failure[] = [];
  console.error = (...words: unknown[]) => {
    complaints.push({ what: 'console error', expected: 'none', actual: format(...words) });
  };
  const answerTo = async (question: Question): Promise<Answer> => {
    if (question.ask === 'list') return { say: 'list', names: await gpuCases.list() };
    const { failures } = await gpuCases.run(question.file, question.name);
    const found = complaints;
    complaints = [];
    return { say: 'verdict', failures: [...failures, ...found] };
  };
  try {
    const adapter = await install();
    await load();
    process.on('message', (question: Question) => void answerTo(question).then(say, sayError));
    process.on('disconnect', () => process.exit());
    say({ say: 'ready', adapter });
  } catch (error) {
    sayError(error);
  }
}
