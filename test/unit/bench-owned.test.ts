// What an engine's side of a benchmark made before it failed to open.
import { expect, it } from 'vitest';
import { disposingOnThrow } from '../../bench/owned.js';

const disposed: string[] = [];
const named = (name: string) => ({ name, dispose: () => disposed.push(name) });

it('is disposed, the latest first, and the error is thrown on', async () => {
  const failing = disposingOnThrow(async (own) => {
    own(named('weights'));
    own(named('program'));
    await Promise.reject(new Error('it does not compile'));
  });
  await expect(failing).rejects.toThrow('it does not compile');
  expect(disposed.splice(0)).toEqual(['program', 'weights']);
});

it('is kept where nothing fails', async () => {
  const { name } = await disposingOnThrow(async (own) => own(named('weights')));
  expect(name).toBe('weights');
  expect(disposed).toEqual([]);
});
