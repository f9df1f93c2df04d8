import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../demo/examples/catalogue.js';
import { listText, parseCommand, UsageError } from '../../../tools/train/options.js';

const refusal = (...args: string[]): string => {
  try {
    parseCommand(args);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error(`${args.join(' ')} was accepted`);
};

describe('the command line of npm run train', () => {
  it('trains fashion-mnist with its own defaults where nothing is said', () => {
    const command = parseCommand([]);
    if (command.kind !== 'train') throw new Error(`got ${command.kind}`);
    expect(command.example.name).toBe('fashion-mnist');
    expect(command.example.defaults).toEqual({ epochs: 5, batchSize: 32, seed: 42 });
    expect(command.request).toEqual({ live: false });
    expect(command.json).toBe(false);
    expect(command.out).toBe(resolve('out'));
  });

  it('takes every flag', () => {
    const line = '--example digits --epochs 3 --batch-size 64 --seed 7 --device cpu --json --out some/folder';
    const command = parseCommand(line.split(' '));
    if (command.kind !== 'train') throw new Error(`got ${command.kind}`);
    expect(command.example.name).toBe('digits');
    expect(command.request).toEqual({ epochs: 3, batchSize: 64, seed: 7, device: 'cpu', live: false });
    expect(command.json).toBe(true);
    expect(command.out).toBe(resolve('some/folder'));
  });

  it('names the nearest valid word', () => {
    expect(refusal('--example', 'celcius')).toMatch(/'celcius'.*did you mean 'celsius'/);
    expect(refusal('--exmaple', 'celsius')).toMatch(/'--exmaple'.*did you mean '--example'/);
    expect(refusal('--device', 'webgl')).toMatch(/'webgl'.*did you mean 'webgpu'/);
  });

  it.each([
    ['--epochs', '0'],
    ['--epochs', '1.5'],
    ['--epochs', 'many'],
    ['--batch-size', '10001'],
    ['--seed', '4294967296'],
  ])('refuses %s %s and says what is allowed', (flag, value) => {
    expect(refusal(flag, value)).toMatch(new RegExp(`${flag} is '${value}': use a whole number from`));
  });

  it('takes a text for the example that learns from one, and says at once what is wrong with it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-text-'));
    const write = (name: string, content: string | Uint8Array): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    try {
      const good = write('good.txt', 'To be, or not to be.\n'.repeat(200));
      const command = parseCommand(['--text', good]);
      if (command.kind !== 'train') throw new Error(`got ${command.kind}`);
      expect(command.example.name).toBe('titles');
      expect(command.files).toEqual([good]);
      expect(refusal('--example', 'digits', '--text', good)).toContain('digits takes no --text; titles does');
      expect(refusal('--text', join(folder, 'none.txt'))).toMatch(/none\.txt', which is no file/);
      expect(refusal('--text', folder)).toMatch(/which is no file/);
      expect(refusal('--text', write('short.txt', 'short'))).toMatch(/short\.txt: it has 5 characters/);
      expect(refusal('--text', write('empty.txt', ''))).toMatch(/empty\.txt: it is empty/);
      expect(refusal('--text', write('latin.txt', Uint8Array.of(0xe9, 0x20)))).toMatch(/no text in UTF-8/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses a flag without its value, and a bare word', () => {
    expect(refusal('--epochs')).toContain('--epochs');
    expect(refusal('celsius')).toContain("'celsius'");
  });

  it('takes what an example takes, and says whose it is else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-brought-'));
    try {
      expect(refusal('--example', 'spoken-digits', '--folder', folder)).toContain('which has no files');
      mkdirSync(join(folder, 'recordings'));
      mkdirSync(join(folder, '.git'));
      for (const name of ['recordings/1_a_0.wav', 'README.md', '.git/config'])
        writeFileSync(join(folder, name), '');
      const command = parseCommand(['--example', 'spoken-digits', '--folder', folder]);
      expect(command).toMatchObject({
        files: ['README.md', 'recordings/1_a_0.wav'].map((name) => join(folder, name)),
      });
      expect(refusal('--example', 'celsius', '--folder', folder)).toBe(
        'celsius takes no --folder; spoken-digits does',
      );
      const file = join(folder, 'README.md');
      expect(refusal('--example', 'spoken-digits', '--folder', file)).toContain('which is no folder');
      expect(refusal('--example', 'spoken-digits', '--folder', `${folder}-not`)).toContain(
        'which is no folder',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('lists every example with its defaults', () => {
    for (const { name, teaches } of CATALOGUE) {
      expect(listText()).toContain(name);
      expect(listText()).toContain(teaches);
    }
    expect(parseCommand(['--list'])).toEqual({ kind: 'list' });
    expect(parseCommand(['--help'])).toEqual({ kind: 'help' });
  });
});
