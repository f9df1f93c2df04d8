// The GPU cases under Dawn in Node. The one argument is the module of all cases.
import { installDawn } from '../dawn.js';
import { serveCases } from './serve.js';

await serveCases(installDawn, process.argv[2] ?? '');
