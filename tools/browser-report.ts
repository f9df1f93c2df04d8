// `npm run browser`: finds or installs the browser and says which adapter it offers.
import { launchBrowser } from './browser.js';

const { browser, ...report } = await launchBrowser();
console.log(JSON.stringify(report, null, 2));
await browser.close();
