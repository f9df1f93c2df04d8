/** The page's script. */

import 'uplot/dist/uPlot.min.css';
import { offerBench } from './face.js';
import { DEFAULT_RUNS, runSuites } from './run.js';
import { SUITES } from './suites/index.js';
import { startPage } from './ui/page.js';

offerBench();
startPage(document, { suites: SUITES, defaultRuns: DEFAULT_RUNS, runSuites });
