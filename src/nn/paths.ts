/** Weights by path, models within models included: `encoder/dense_1/kernel`. */

import { HeddleError, type Variable } from '../engine/index.js';
import type { AnyLayer } from './layer.js';

interface Named {
  readonly path: string;
  readonly layer: AnyLayer;
}

function* leavesOf(layers: readonly AnyLayer[], prefix = ''): Generator<Named> {
  for (const layer of layers) {
    const path = `${prefix}${layer.name}`;
    if (layer.model) yield* leavesOf(layer.model.layers, `${path}/`);
    else yield { path, layer };
  }
}

/** The layers that hold weights, by path. */
export const layerPaths = (layers: readonly AnyLayer[]): Map<string, AnyLayer> =>
  new Map([...leavesOf(layers)].map(({ path, layer }) => [path, layer]));

/** Every weight, by path. */
export const weightPaths = (layers: readonly AnyLayer[]): Map<string, Variable> =>
  new Map(
    [...leavesOf(layers)].flatMap(({ path, layer }) =>
      layer.weights.map((weight) => [`${path.slice(0, -layer.name.length)}${weight.name}`, weight] as const),
    ),
  );

/** Throws a HeddleError where a layer stands at two paths, which a config would make two layers. */
export function checkTree(op: string, layers: readonly AnyLayer[]): void {
  const known = new Map<AnyLayer, string>();
  for (const { path, layer } of leavesOf(layers)) {
    const other = known.get(layer);
    if (other === undefined) known.set(layer, path);
    else {
      throw new HeddleError({
        op,
        message: `one layer stands in it twice, as '${other}' and as '${path}': its config would make two of it`,
        roles: ['layers'],
        values: { paths: [other, path] },
        fix: 'save the parts, or put the layer into one model within this one only',
      });
    }
  }
}
