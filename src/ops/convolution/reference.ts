/** Convolutions as naive loops: the oracle of their kernels. */

import type { HostTensor } from '../../ir/graph.js';
import type { ConvShape } from './shape.js';

/** Which of the three tensors of a convolution is the result. */
export type ConvResult = 'y' | 'x' | 'filter';

/**
 * The products of a convolution, x[n, p·stride + r·dilation − top, …, c] · filter[r, s, c, k], added where they belong: to y[n, p, q, k],
 * to x for the gradient to the input (its factors are dy and filter), or to the filter for its gradient (factors x and dy). A
 * second output is Σ dy over all but its channels. `absolute` adds the products' sizes.
 */
export function convReference(
  shape: ConvShape,
  result: ConvResult,
  [first, second]: readonly HostTensor[],
  [output, columnSum]: readonly HostTensor[],
  absolute = false,
): void {
  if (!first || !second || !output) return;
  const sums = new Float64Array(output.data.length);
  forEachProduct(shape, (x, filter, y) => {
    const [to, a, b] = result === 'y' ? [y, x, filter] : result === 'x' ? [x, y, filter] : [filter, x, y];
    const product = (first.data[a] as number) * (second.data[b] as number);
    sums[to] = (sums[to] as number) + (absolute ? Math.abs(product) : product);
  });
  output.data.set(sums);
  if (!columnSum) return;
  const columns = new Float64Array(columnSum.data.length);
  for (let i = 0; i < second.data.length; i++) {
    const value = second.data[i] as number;
    columns[i % columns.length] =
      (columns[i % columns.length] as number) + (absolute ? Math.abs(value) : value);
  }
  columnSum.data.set(columns);
}

/** Calls `visit` with the linear indices in x, filter and y of every product. */
function forEachProduct(shape: ConvShape, visit: (x: number, filter: number, y: number) => void): void {
  const { batch, channels, filters, groups, strides, dilations, padding } = shape;
  const [height, width] = shape.input;
  const [rows, columns] = shape.output;
  const [kernelHeight, kernelWidth] = shape.kernel;
  const perGroup = channels / groups;
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < rows; p++) {
      for (let q = 0; q < columns; q++) {
        for (let r = 0; r < kernelHeight; r++) {
          const h = p * strides[0] + r * dilations[0] - padding[0][0];
          if (h < 0 || h >= height) continue;
          for (let s = 0; s < kernelWidth; s++) {
            const w = q * strides[1] + s * dilations[1] - padding[1][0];
            if (w < 0 || w >= width) continue;
            for (let k = 0; k < filters; k++) {
              const group = Math.floor(k / (filters / groups));
              const y = ((n * rows + p) * columns + q) * filters + k;
              for (let c = 0; c < perGroup; c++) {
                const x = ((n * height + h) * width + w) * channels + group * perGroup + c;
                visit(x, ((r * kernelWidth + s) * perGroup + c) * filters + k, y);
              }
            }
          }
        }
      }
    }
  }
}
