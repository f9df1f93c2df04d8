/** Every shader file compiles as it stands, without a message: the default block is a variant like any other. */

import { rawDevice } from '../kit/raw-device.js';
import { check, type GpuCase } from './kit.js';

const sources = import.meta.glob<string>('../../shaders/*.wgsl', {
  query: '?raw',
  import: 'default',
  eager: true,
});

export const cases: GpuCase[] = Object.entries(sources).map(([path, code]) => ({
  name: path.replace(/^.*\//, ''),
  async run() {
    const device = await rawDevice();
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    const told = messages.map(({ lineNum, message }) => `${lineNum}: ${message}`).join('\n');
    return check('messages', messages.length === 0, 'none', told);
  },
}));
