// The suites under Dawn in Node. The one argument is the module of all suites.
import { pathToFileURL } from 'node:url';
import { installDawn } from '../dawn.js';
import { serveSuites } from './serve-suites.js';

await serveSuites(installDawn, () => import(pathToFileURL(process.argv[2] ?? '').href));
