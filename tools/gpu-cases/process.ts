// A process of cases, as seen from the command. A case that crashes or hangs the driver takes its process along, and no more.
import type { Failure } from '../../test/gpu/kit.js';
import type { AdapterReport } from '../adapter.js';
import { startWorker, type WorkerProgram } from '../worker.js';
import type { Answer, Question } from './messages.js';

export interface CaseProcess {
  readonly adapter: AdapterReport;
  /** The names of the cases of each file. */
  list(): Promise<Readonly<Record<string, readonly string[]>>>;
  /** What went wrong in a case; a process that ends or does not answer is a failure, too, and can only be closed then. */
  run(file: string, name: string): Promise<readonly Failure[]>;
  close(): Promise<void>;
}

/** A fresh process of a program that calls `serveCases`. Throws where there is no adapter. */
export async function openCases(program: WorkerProgram): Promise<CaseProcess> {
  const worker = startWorker<Question, Answer>(program);
  const next = async (): Promise<Answer> => {
    const answer = await worker.next();
    if (answer.say === 'error') throw new Error(answer.message);
    return answer;
  };
  const ask = (question: Question): Promise<Answer> => {
    worker.tell(question);
    return next();
  };

  const ready = await next().catch(async (error: unknown) => {
    await worker.close();
    throw error;
  });
  if (ready.say !== 'ready') throw new Error(`a process of cases begins with '${ready.say}'`);
  return {
    adapter: ready.adapter,
    async list() {
      const answer = await ask({ ask: 'list' });
      return answer.say === 'list' ? answer.names : {};
    },
    async run(file, name) {
      try {
        const answer = await ask({ ask: 'run', file, name });
        if (answer.say === 'verdict') return answer.failures;
        throw new Error(`'${answer.say}' is no verdict`);
      } catch (error) {
        const actual = error instanceof Error ? error.message : String(error);
        return [{ what: 'the process', expected: 'a verdict', actual }];
      }
    },
    close: worker.close,
  };
}
