/** Draws the channels of a value as a grid of tiles: on the GPU straight from its buffer, else from an array, alike. */

import type { Drawable, Extents } from '../driver/features.js';
import source from './tiles.wgsl?raw';

/** Pixels between tiles. */
const GAP = 1;
const TINY = 1e-12;

export interface TileOptions {
  /** Below zero blue, above zero orange; otherwise from the least, black, to the largest, white. */
  readonly signs: boolean;
}

export interface Tiles {
  draw(value: Drawable, options: TileOptions): void;
}

/** How tiles stand: as broad as a page, rather than high. */
export function gridOf([height, width, channels]: Extents): { columns: number; size: [number, number] } {
  const columns = Math.min(channels, 8);
  const rows = Math.ceil(channels / columns);
  return { columns, size: [columns * (width + GAP) - GAP, rows * (height + GAP) - GAP] };
}

function sized(canvas: HTMLCanvasElement, extents: Extents): { columns: number; size: [number, number] } {
  const grid = gridOf(extents);
  const [width, height] = grid.size;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return grid;
}

/** On the device that the values lie on. `canvas` must not have had another context. */
export function gpuTiles(device: GPUDevice, canvas: HTMLCanvasElement): Tiles {
  const context = canvas.getContext('webgpu') as GPUCanvasContext;
  const format = navigator.gpu.getPreferredCanvasFormat();
  context.configure({ device, format, alphaMode: 'premultiplied' });
  const module = device.createShaderModule({ label: 'tiles', code: source });
  const ranger = device.createComputePipeline({
    layout: 'auto',
    compute: { module, entryPoint: 'find_ranges' },
  });
  const drawer = device.createRenderPipeline({
    layout: 'auto',
    vertex: { module, entryPoint: 'cover' },
    fragment: { module, entryPoint: 'draw_tiles', targets: [{ format }] },
  });
  return {
    draw({ extents, values }, { signs }) {
      const [height, width, channels] = extents;
      const { columns } = sized(canvas, extents);
      const grid = device.createBuffer({ size: 32, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
      const fields = [height, width, channels, columns, GAP, Number(signs)];
      device.queue.writeBuffer(grid, 0, Uint32Array.from(fields));
      const ranges = device.createBuffer({ size: 8 * channels, usage: GPUBufferUsage.STORAGE });
      const group = (pipeline: GPUComputePipeline | GPURenderPipeline, at: number): GPUBindGroup =>
        device.createBindGroup({
          layout: pipeline.getBindGroupLayout(0),
          entries: [
            { binding: 0, resource: { buffer: grid } },
            { binding: 1, resource: { buffer: values as GPUBuffer } },
            { binding: at, resource: { buffer: ranges } },
          ],
        });
      const encoder = device.createCommandEncoder({ label: 'tiles' });
      const ranging = encoder.beginComputePass();
      ranging.setPipeline(ranger);
      ranging.setBindGroup(0, group(ranger, 2));
      ranging.dispatchWorkgroups(Math.ceil(channels / 64));
      ranging.end();
      const view = context.getCurrentTexture().createView();
      const drawing = encoder.beginRenderPass({
        colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }],
      });
      drawing.setPipeline(drawer);
      drawing.setBindGroup(0, group(drawer, 3));
      drawing.draw(3);
      drawing.end();
      device.queue.submit([encoder.finish()]);
      // What is queued is still done.
      grid.destroy();
      ranges.destroy();
    },
  };
}

/** The same on a canvas in two dimensions, from arrays. */
export function hostTiles(canvas: HTMLCanvasElement): Tiles {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  return {
    draw({ extents, values }, { signs }) {
      const [height, width, channels] = extents;
      const { columns, size } = sized(canvas, extents);
      const cells = values as Float32Array;
      const image = new ImageData(...size);
      for (let channel = 0; channel < channels; channel++) {
        const own = Array.from(
          { length: height * width },
          (_, cell) => cells[cell * channels + channel] ?? 0,
        );
        const [least, most] = [Math.min(...own), Math.max(...own)];
        const left = (channel % columns) * (width + GAP);
        const top = Math.floor(channel / columns) * (height + GAP);
        for (const [cell, value] of own.entries()) {
          const at = (top + Math.floor(cell / width)) * size[0] + left + (cell % width);
          image.data.set(signs ? signed(value, least, most) : gray(value, least, most), 4 * at);
        }
      }
      context.putImageData(image, 0, 0);
    },
  };
}

function gray(value: number, least: number, most: number): number[] {
  const ink = (255 * (value - least)) / Math.max(most - least, TINY);
  return [ink, ink, ink, 255];
}

function signed(value: number, least: number, most: number): number[] {
  const share = value / Math.max(Math.abs(least), Math.abs(most), TINY);
  const far = share > 0 ? [0.85, 0.46, 0.17] : [0.18, 0.44, 0.87];
  return [...far.map((part) => 255 * (0.96 + (part - 0.96) * Math.abs(share))), 255];
}
