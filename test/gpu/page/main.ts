// The page's script: runs one case at a time and answers with its verdict. It needs no page as such, only WebGPU.
import { caseFiles } from 'virtual:gpu-cases';
import { FULL } from '../../kit/full.js';
import type { CaseFile, PageFace } from '../kit.js';
import { runIn } from './run-case.js';
import { watchDevices } from './watch.js';

const watch = watchDevices();

async function open(file: string): Promise<CaseFile> {
  const load = caseFiles[file];
  if (load === undefined)
    throw new Error(`no case file ${file}; there are ${Object.keys(caseFiles).join(', ')}`);
  return load();
}

const face: PageFace = {
  async run(file, name) {
    return runIn(await open(file), file, name, { full: FULL, faults: watch.settle });
  },

  async probe(file, name, argument) {
    const probe = (await open(file)).probes?.[name];
    if (probe === undefined) throw new Error(`${file} has no probe "${name}"`);
    const result = await probe(argument);
    const faults = await watch.settle();
    if (faults.length > 0) throw new Error(`${file}, probe "${name}": ${faults.join('; ')}`);
    return result;
  },

  async list() {
    const names: Record<string, string[]> = {};
    for (const file of Object.keys(caseFiles))
      names[file] = (await open(file)).cases.map((item) => item.name);
    return names;
  },
};

globalThis.gpuCases = face;
