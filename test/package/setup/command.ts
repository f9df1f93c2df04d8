// Runs a program to its end and gives what it printed; a failure carries all of it.
import { execFile } from 'node:child_process';

export function command(program: string, args: readonly string[], folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

/** Runs a script of `folder`'s node_modules with this Node. */
export const tool = (script: string, args: readonly string[], folder: string): Promise<string> =>
  command(process.execPath, [`node_modules/${script}`, ...args], folder);
