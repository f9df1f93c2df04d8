declare module 'virtual:gpu-cases' {
  import type { CaseFile } from '../kit.js';

  /** Case files by name, as lazy imports. */
  export const caseFiles: Readonly<Record<string, () => Promise<CaseFile>>>;
}
