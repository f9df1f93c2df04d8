/** Whether the whole product is tested (`npm run test:full`): the same answer in Node and in the page, where lists of cases must agree. */

const page: { readonly search: string } | undefined = globalThis.location;

export const FULL: boolean = page ? new URLSearchParams(page.search).has('full') : process.env.FULL === '1';
