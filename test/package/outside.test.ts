// What users build on the package: own layers, losses, ops and kernels, and every shader as the build has left it.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { EXPRESSION_LINE } from './outside/programs/cube.js';
import { callModule, shaderMessages } from './setup/page.js';

describe('a layer, a loss, an op and a kernel from outside', () => {
  it('train, and pass verify', async () => {
    const { gain, logs, report } = (await callModule('programs/own', 'trained')) as {
      gain: [number, number];
      logs: string[];
      report: { passed: boolean; device: string; ops: string[]; table: string };
    };
    expect(gain[0]).toBeCloseTo(2, 2);
    expect(gain[1]).toBeCloseTo(-1, 2);
    expect(logs).toEqual(['loss', 'logCosh']);
    expect(report.passed, report.table).toBe(true);
    expect(report.device).toBe('webgpu');
    expect(report.ops).toContain('cube');
  });

  it('pass gradCheck', async () => {
    const reports = await callModule('programs/own', 'gradientsChecked');
    expect(reports).toMatchObject({ op: { passed: true }, loss: { passed: true }, layer: { passed: true } });
    for (const { checked } of Object.values(reports as Record<string, { checked: number }>)) {
      expect(checked).toBeGreaterThan(1);
    }
  });

  it('are named by verify where the kernel computes something else', async () => {
    expect(await callModule('programs/own', 'damaged')).toEqual({ passed: false, worstOp: 'cube' });
  });

  it('show the line of a mistake in WGSL', async () => {
    const error = (await callModule('programs/own', 'mistaken')) as Record<string, unknown>;
    expect(error).toMatchObject({ op: 'cube', roles: ['code'], line: EXPRESSION_LINE });
    expect(error.source).toContain('y[i] = x[i] * x[i] * q[i];');
    expect(error.message).toContain(String(error.source));
  });
});

describe('the shaders of the build', () => {
  it('compile as they stand, without a message', async () => {
    const shaders = join(inject('packageFolder'), 'node_modules/heddle/dist/shaders');
    const files = (await readdir(shaders)).filter((file) => file.endsWith('.js'));
    expect(files.length).toBeGreaterThan(10);
    expect(await shaderMessages(files)).toEqual([]);
  });

  it.each(['adam', 'sgd'])(
    'compute what the reference does, in a program of many ops with %s',
    async (name) => {
      const report = (await callModule('programs/sweep', name)) as {
        passed: boolean;
        ops: string[];
        table: string;
      };
      expect(report.passed, report.table).toBe(true);
      expect(report.ops.length).toBeGreaterThan(15);
    },
  );
});
