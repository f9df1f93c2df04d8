// One `it` per case, one page and device per file of cases. A page in which a case has failed is not trusted with the next one.
import { caseFiles } from 'virtual:gpu-cases';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type CaseFile, describeFailures } from './kit.js';
import { type CasePage, openPage } from './pages.js';

for (const [file, load] of Object.entries(caseFiles)) {
  // A file that cannot be imported fails here as one test, and leaves the other files theirs.
  const loaded = await load().catch((error: unknown) => error);
  describe(file, () => {
    if (isCaseFile(loaded)) defineCases(file, loaded);
    else it('exports its cases', () => Promise.reject(loaded));
  });
}

function isCaseFile(loaded: unknown): loaded is CaseFile {
  return typeof loaded === 'object' && loaded !== null && 'cases' in loaded && Array.isArray(loaded.cases);
}

function defineCases(file: string, { cases }: CaseFile): void {
  let page: CasePage | undefined;
  const closePage = async () => {
    const closing = page;
    page = undefined;
    await closing?.close();
  };

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await closePage();
  });
  afterAll(closePage);

  it('has cases, each with a name of its own', () => {
    const names = cases.map((item) => item.name);
    expect(names).not.toHaveLength(0);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  for (const name of new Set(cases.map((item) => item.name))) {
    it(name, async () => {
      page ??= await openPage();
      const failures = await page.run(file, name);
      if (failures.length > 0) expect.fail(describeFailures(failures));
    });
  }
}
