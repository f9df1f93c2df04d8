/** What the first convolution of a model has learned to look for, and what it finds in a picture, left on the device. */

import {
  compile,
  input,
  type Layer,
  type Model,
  model,
  type Program,
  type Tensor,
  type Variable,
} from 'heddle';

/** [height, width, channels], channels last, as values lie in memory. */
export type Extents = readonly [height: number, width: number, channels: number];

/** A value to draw: in a buffer of the GPU, or, on the CPU device, in an array. */
export interface Drawable {
  readonly extents: Extents;
  readonly values: GPUBuffer | Float32Array;
}

export interface Found {
  readonly filters: Drawable;
  readonly maps: Drawable;
}

export class Features {
  /** Of the layer, such as `conv2d_1`. */
  readonly name: string;
  readonly #extractor: Model;
  readonly #program: Program;
  readonly #extents: Record<keyof Found, Extents>;

  private constructor(
    name: string,
    extractor: Model,
    program: Program,
    extents: Record<keyof Found, Extents>,
  ) {
    this.name = name;
    this.#extractor = extractor;
    this.#program = program;
    this.#extents = extents;
  }

  /** `null` for a model without convolutions. */
  static async of(net: Model): Promise<Features | null> {
    const layer = net.layers.find(({ type }) => type === 'conv2d');
    const [first] = net.inputs;
    if (!layer || !first) return null;
    // It shares the weights of `net`: while that trains, it sees the newest ones.
    const extractor = model({ inputs: net.inputs, outputs: layer.output, name: 'features' });
    const x = input([1, ...first.shape.slice(1).map((extent) => extent ?? 1)]);
    const maps = extractor.apply(x, { training: false }) as Tensor;
    const filters = kernelOf(layer);
    const program = await compile({ name: 'features', inputs: { x }, outputs: { maps, filters } });
    const [, height = 1, width = 1, channels = 1] = maps.shape;
    const [rows = 1, columns = 1, depth = 1, count = 1] = filters.shape;
    const extents = { maps: [height, width, channels], filters: [rows, columns * depth, count] } as const;
    return new Features(layer.name, extractor, program, extents);
  }

  /**
   * Computes on `picture` (bytes) and hands what came out to `draw`: in buffers, which are gone afterwards, or, `asArrays` and on the CPU,
   * in arrays.
   */
  async show(
    picture: Uint8Array,
    { asArrays, draw }: { readonly asArrays: boolean; readonly draw: (found: Found) => void },
  ): Promise<void> {
    this.#program.submit({ x: Float32Array.from(picture) });
    const kept = { filters: this.#program.keep('filters'), maps: this.#program.keep('maps') };
    const drawable = async (name: keyof Found): Promise<Drawable> => ({
      extents: this.#extents[name],
      values: (!asArrays && kept[name].buffer) || ((await kept[name].data()) as Float32Array),
    });
    try {
      draw({ filters: await drawable('filters'), maps: await drawable('maps') });
    } finally {
      for (const tensor of Object.values(kept)) tensor.dispose();
    }
  }

  dispose(): void {
    this.#program.dispose();
    this.#extractor.dispose();
  }
}

/** [height, width, in, filters]. */
const kernelOf = ({ weights }: Pick<Layer, 'weights'>): Variable => weights[0] as Variable;
