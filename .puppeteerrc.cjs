// `npm ci` downloads no browser: tools/browser.ts finds one, or installs it when it is first needed.
module.exports = { skipDownload: true };
