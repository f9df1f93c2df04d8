// The GPU cases under Dawn in Node. The one argument is the module of all cases.
import { pathToFileURL } from 'node:url';
import { installDawn } from '../dawn.js';
import { serveCases } from './serve.js';

await serveCases(installDawn, () => import(pathToFileURL(process.argv[2] ?? '').href));
