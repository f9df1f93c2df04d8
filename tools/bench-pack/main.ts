// The one script of the pack: the command, and, started by it, a process of cases or of suites.
import { serveSuites } from '../bench/serve-suites.js';
import { serveCases } from '../gpu-cases/serve.js';
import { DATA, runPack, WORKERS } from './run.js';

/** Loaded where it is needed alone: the command itself must not depend on a driver. */
const installDawn = async () => (await import('../dawn.js')).installDawn();

const [role, ...others] = process.argv.slice(2);
if (role === WORKERS.cases) await serveCases(installDawn, () => import('../../test/gpu/page/main.js'), DATA);
else if (role === WORKERS.suites) await serveSuites(installDawn, () => import('../bench/suites.js'));
else process.exitCode = await runPack(role === undefined ? [] : [role, ...others]);
