// The GPU cases under Dawn in Node. Its arguments: the module of all cases, and the folder of data sets.
import { pathToFileURL } from 'node:url';
import { installDawn } from '../dawn.js';
import { serveCases } from './serve.js';

const [module = '', data = ''] = process.argv.slice(2);
await serveCases(installDawn, () => import(pathToFileURL(module).href), data);
