// `npm run test:node-gpu`: the GPU cases under Dawn in Node, on whatever adapter it finds: without a browser, hence also on machines and
// drivers that no browser here can use.
import { fileURLToPath } from 'node:url';
import { caseCommand } from './gpu-cases/command.js';

const script = fileURLToPath(new URL('gpu-cases/dawn-worker.ts', import.meta.url));
await caseCommand('test:node-gpu', (module, data) => ({ script, args: [module, data] }));
