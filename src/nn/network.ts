/** A graph of layers with its weights: everything about a model that is not training. */

import {
  type ArrayLike,
  defaultSeed,
  HeddleError,
  type NDArray,
  rejectUnknownOptions,
  type Tensor,
  type Update,
  unknownName,
  type Value,
  type Variable,
  VariableStore,
} from '../engine/index.js';
import { markStepCounter } from '../optim/step-counters.js';
import { assignWeights } from './assign.js';
import { checkedSeed } from './checks.js';
import { configOf, type NetworkConfig } from './config.js';
import { applyGraph } from './forward.js';
import { graphOf, type LayerGraph } from './graph.js';
import type { Layer, LayerOwner } from './layer.js';
import { Names, outputNames } from './names.js';
import { SequentialBuilder } from './stack.js';
import { type SummaryOptions, summaryOf } from './summary.js';
import { checkName, type SymbolicTensor } from './symbolic.js';
import { type Control, createControl } from './training/control.js';
import type { InitialWeights, WeightSource } from './weights.js';

/** What is settled when the weights are made. */
interface Built {
  readonly graph: LayerGraph;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
}

interface CommonSpec {
  /** Default `model`. */
  readonly name?: string;
  /** Of initialisation, shuffling and dropout: an unsigned 32-bit integer. Default: `init`'s, else 0. */
  readonly seed?: number;
}

/** A functional model. */
export interface GraphSpec extends CommonSpec {
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
  /** The first values of weights, by name, instead of those of their initializers. */
  readonly initial?: InitialWeights;
}

/** A sequential one. */
export interface StackSpec extends CommonSpec {
  readonly layers: readonly Layer[];
}

export type NetworkSpec = GraphSpec | StackSpec;

export interface ApplyOptions {
  /** Whether layers behave as in training (dropout drops). Default `false`. */
  readonly training?: boolean;
  /** uint32 []: what random layers count their steps by. Default: the model's own, which `fit` and `minimize` turn on. */
  readonly counter?: Value;
  /**
   * Takes the updates of weights that no optimizer changes, such as moving averages, once for each: `updates: [...minimized, ...own]` of
   * a program. Without it they are left as they are.
   */
  readonly onUpdate?: (update: Update) => void;
}

export class Network implements LayerOwner {
  readonly name: string;
  readonly seed: number;
  /** Owns the weights, and whatever training adds. */
  readonly store: VariableStore;
  readonly control: Control;
  readonly #names: Names;
  readonly #stack: SequentialBuilder | null;
  readonly #initial: InitialWeights | undefined;
  #built: Built | null = null;

  constructor(spec: NetworkSpec) {
    this.name = checkName('model', spec.name ?? 'model');
    this.seed = checkedSeed(this.#op, spec.seed ?? defaultSeed());
    this.store = new VariableStore(this.name);
    this.control = createControl(this.store, 'control');
    markStepCounter(this.control.step);
    this.#names = new Names(this.name);
    this.#initial = 'initial' in spec ? spec.initial : undefined;
    if ('layers' in spec) {
      this.#stack = new SequentialBuilder(this.#op);
      for (const layer of spec.layers) this.add(layer);
    } else {
      this.#stack = null;
      this.#build(listOf(spec.inputs), listOf(spec.outputs));
    }
  }

  get #op(): string {
    return `model '${this.name}'`;
  }

  /**
   * Appends a layer to a sequential model. A layer that is added again shares its weights.
   *
   * @throws HeddleError on a functional model or one that is in use already, for a first layer without `inputShape`, inputs that do not
   * fit, a name that is taken, and a layer of another model.
   */
  add(layer: Layer): void {
    if (!this.#stack || this.#built) {
      throw new HeddleError({
        op: this.#op,
        message: this.#stack ? 'it is in use already' : 'it is functional',
        roles: ['layers'],
        values: { layer: layer.name },
        fix: this.#stack
          ? 'add all layers before anything else'
          : 'apply the layer before you make the model',
      });
    }
    this.#adopt([layer]);
    this.#stack.add(layer);
  }

  /** The uses of layers in order. Asked for, it makes the weights. */
  get graph(): LayerGraph {
    return this.#ready().graph;
  }

  #ready(): Built {
    if (this.#built) return this.#built;
    const ends = (this.#stack as SequentialBuilder).ends();
    return this.#build([ends.input], [ends.output]);
  }

  #build(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Built {
    const graph = graphOf(this.#op, inputs, outputs);
    for (const { name } of inputs) if (name !== null) this.#names.take(name);
    this.#adopt(graph.layers);
    const inputNames = inputs.map(({ name }) => name ?? this.#names.next('input'));
    let stream = 0;
    const source: WeightSource = {
      store: this.store,
      seed: this.seed,
      nextStream: () => stream++,
      initial: this.#initial,
    };
    for (const { layer, inputs: fed } of graph.calls) {
      layer.build(
        fed.map(({ shape }) => shape),
        source,
      );
    }
    this.#built = { graph, inputNames, outputNames: outputNames(outputs, inputs, inputNames) };
    return this.#built;
  }

  /** Makes the layers its own. The user's names are taken first, so that no counted name stands in their way. */
  #adopt(layers: readonly Layer[]): void {
    const fresh = layers.filter((layer) => !layer.belongsTo(this));
    for (const layer of fresh) if (layer.named) layer.adopt(this, this.#names.take(layer.name));
    for (const layer of fresh) if (!layer.belongsTo(this)) layer.adopt(this, this.#names.next(layer.type));
  }

  /** Each layer once, in the order of use. */
  get layers(): readonly Layer[] {
    return this.graph.layers;
  }

  get inputs(): readonly SymbolicTensor[] {
    return this.graph.inputs;
  }

  get outputs(): readonly SymbolicTensor[] {
    return this.graph.outputs;
  }

  /** By which data are given for each input. */
  get inputNames(): readonly string[] {
    return this.#ready().inputNames;
  }

  /** By which targets are given and results are told: the names of the last layers. */
  get outputNames(): readonly string[] {
    return this.#ready().outputNames;
  }

  /** All weights, layer by layer. */
  get weights(): readonly Variable[] {
    return this.layers.flatMap((layer) => layer.weights);
  }

  /** Those that optimizers may change. */
  get trainableWeights(): readonly Variable[] {
    return this.weights.filter((weight) => weight.trainable);
  }

  /** The same as `trainableWeights`, by Keras's name. */
  get trainableVariables(): readonly Variable[] {
    return this.trainableWeights;
  }

  /** Counts the training steps: uint32 []. */
  get counter(): Variable {
    return this.control.step;
  }

  /**
   * The outputs for tensors, as part of a graph program. A tensor gives a tensor (for models of one input and one output), a list
   * gives a list. Inputs of bytes are converted.
   *
   * @param x batch first; one for each input, in order
   * @throws HeddleError for another number of tensors, dtypes or shapes that do not fit (from the layer that finds out).
   */
  apply(x: Tensor, options?: ApplyOptions): Tensor;
  apply(x: readonly Tensor[], options?: ApplyOptions): Tensor[];
  apply(x: Tensor | readonly Tensor[], options: ApplyOptions = {}): Tensor | Tensor[] {
    rejectUnknownOptions('apply', options, ['training', 'counter', 'onUpdate']);
    const { training = false, counter = this.counter, onUpdate } = options;
    const { inputs, outputs } = this.graph;
    const list = Array.isArray(x) ? (x as readonly Tensor[]) : [x as Tensor];
    if (list.length !== inputs.length || (!Array.isArray(x) && outputs.length > 1)) {
      throw new HeddleError({
        op: this.#op,
        message: `it has ${inputs.length} inputs and ${outputs.length} outputs, apply() got ${Array.isArray(x) ? `a list of ${list.length}` : 'one tensor'}`,
        roles: ['x'],
        values: { inputs: inputs.length, outputs: outputs.length, given: list.length },
        fix: `pass a list: apply([${this.inputNames.join(', ')}])`,
      });
    }
    const context = { training, seed: this.seed, counter };
    const results = applyGraph(this.graph, this.inputNames, list, context);
    if (onUpdate) results.updates.forEach(onUpdate);
    return Array.isArray(x) ? results.outputs : (results.outputs[0] as Tensor);
  }

  /** Throws a HeddleError for an unknown name, with the nearest one. */
  getLayer(name: string): Layer {
    const layer = this.layers.find((one) => one.name === name);
    if (layer) return layer;
    throw unknownName(
      this.#op,
      'layer',
      name,
      this.layers.map((one) => one.name),
    );
  }

  /** A table of layers, types, output shapes and parameters, with totals. Prints nothing unless `printFn` is given. */
  summary(options: SummaryOptions = {}): string {
    return summaryOf(this.name, this.graph, this.inputNames, options);
  }

  /** Number of all parameters. */
  countParams(): number {
    return this.weights.reduce((sum, { shape }) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
  }

  /** The values of all weights, in the order of `weights`, after all work queued so far. */
  getWeights(): Promise<NDArray[]> {
    return Promise.all(this.weights.map((weight) => weight.read()));
  }

  /**
   * Overwrites all weights, after all work queued so far. All values are checked before the first is written.
   *
   * @param values in the order of `weights`: what `getWeights()` gives, nested arrays, or typed arrays
   * @throws HeddleError for another number of values, and for shapes that differ.
   */
  setWeights(values: readonly ArrayLike[]): void {
    assignWeights(this.name, this.weights, values);
  }

  /** The model without its weights, as JSON: `networkFromConfig` makes it again. Throws for options that are functions. */
  get config(): NetworkConfig {
    return configOf(this.name, this.seed, this.graph, this.inputNames);
  }

  /** Frees all memory on the device. */
  dispose(): void {
    this.store.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const listOf = (ends: SymbolicTensor | readonly SymbolicTensor[]): readonly SymbolicTensor[] =>
  Array.isArray(ends) ? (ends as readonly SymbolicTensor[]) : [ends as SymbolicTensor];
