/** A graph of layers with its weights: everything about a model that is not training. */

import type { DataSpec, NumberRange } from '../data/spec.js';
import {
  type ArrayLike,
  defaultSeed,
  HeddleError,
  type NDArray,
  rejectUnknownOptions,
  type Tensor,
  tensor,
  unknownName,
  type Variable,
  VariableStore,
} from '../engine/index.js';
import { markStepCounter } from '../optim/step-counters.js';
import { assignWeights } from './assign.js';
import { checkedSeed } from './checks.js';
import { configOf, type NetworkConfig } from './config.js';
import { applyGraph, type Forward, forwardPass, type PassContext } from './forward.js';
import { graphOf, inputRanges, type LayerGraph, outputTypes } from './graph.js';
import type { AnyLayer, Layer, LayerOwner } from './layer.js';
import { type Flow, type ForwardContext, type OutputType, unmasked } from './layer-definition.js';
import { Members } from './members.js';
import { outputNames } from './names.js';
import { ModelLayer } from './nested.js';
import type { ApplyOptions, NetworkSpec } from './network-spec.js';
import { penaltyOf } from './penalty.js';
import { checkLayer, SequentialBuilder } from './stack.js';
import { type SummaryOptions, summaryOf } from './summary.js';
import { checkName, isSymbolic, type SymbolicTensor } from './symbolic.js';
import { type Control, createControl } from './training/control.js';
import type { InitialWeights, WeightSource } from './weights.js';

/** What is settled when the weights are made. */
interface Built {
  readonly graph: LayerGraph;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
}

export class Network implements LayerOwner {
  readonly name: string;
  readonly seed: number;
  /** Owns the weights, and whatever training adds. */
  readonly store: VariableStore;
  readonly control: Control;
  readonly #members: Members;
  readonly #owned: readonly { dispose(): void }[];
  readonly #givenName: string | null;
  readonly #stack: SequentialBuilder | null;
  readonly #initial: InitialWeights | undefined;
  #built: Built | null = null;
  #layer: ModelLayer | null = null;

  constructor(spec: NetworkSpec) {
    this.name = checkName('model', spec.name ?? spec.defaultName ?? 'model');
    this.seed = checkedSeed(this.#op, spec.seed ?? defaultSeed());
    this.store = new VariableStore(this.name);
    this.control = createControl(this.store, 'control');
    markStepCounter(this.control.step);
    this.#members = new Members(this, this.name);
    this.#givenName = spec.name ?? null;
    this.#initial = 'initial' in spec ? spec.initial : undefined;
    this.#owned = ('owned' in spec && spec.owned) || [];
    this.#stack = 'layers' in spec ? new SequentialBuilder(this.#op) : null;
    try {
      if ('layers' in spec) for (const layer of spec.layers) this.add(layer);
      else this.#build(listOf(spec.inputs), listOf(spec.outputs));
    } catch (error) {
      this.#members.releaseAll();
      this.store.dispose();
      throw error;
    }
  }

  get #op(): string {
    return `model '${this.name}'`;
  }

  /**
   * Appends a layer to a sequential model. A layer that is added again, or that another model has, shares its weights. `layers.input()`
   * may come first: then no layer needs an `inputShape`.
   *
   * @throws HeddleError on a functional model or one that is in use already, for a first layer without `inputShape`, inputs that do not
   * fit, and a name that is taken.
   */
  add(layer: AnyLayer | SymbolicTensor): void {
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
    if (isSymbolic(layer)) {
      this.#stack.start(layer);
      return;
    }
    checkLayer(this.#op, layer);
    const fresh = !this.#members.has(layer);
    this.#members.adopt([layer]);
    try {
      this.#stack.add(layer);
    } catch (error) {
      if (fresh) this.#members.release(layer);
      throw error;
    }
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
    const inputNames = this.#members.take(inputs, graph.layers);
    let stream = 0;
    const source: WeightSource = {
      owner: this,
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

  /** Each layer once, in the order of use; a model that is used as a layer is one (`layer.model`). */
  get layers(): readonly AnyLayer[] {
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

  /** The layers that hold the weights: those of models within this one are among them. */
  get leaves(): readonly AnyLayer[] {
    return [...new Set(this.layers.flatMap((layer) => layer.leaves))];
  }

  /** All weights, layer by layer. */
  get weights(): readonly Variable[] {
    return this.leaves.flatMap((layer) => layer.weights);
  }

  /** What its layers keep from batch to batch. */
  get states(): readonly Variable[] {
    return this.leaves.flatMap((layer) => layer.states);
  }

  /** Sets the states of all layers to zero, after all work queued so far: the next batch begins new sequences. */
  resetStates(): void {
    for (const layer of this.leaves) layer.resetStates();
  }

  /** What data for each input have to be, whatever the number of rows. */
  get inputSpec(): Pick<DataSpec, 'inputs' | 'ranges'> {
    const { inputs, inputNames } = this;
    return {
      inputs: inputs.map(({ shape, dtype }, index) => {
        return { name: inputNames[index] ?? '', shape: [null, ...shape.slice(1)], dtype };
      }),
      ranges: (shapes) =>
        this.inputRanges(
          inputs.map(({ shape: [batch = null], dtype }, index) => {
            return { shape: [batch, ...(shapes[index] ?? []).slice(1)], dtype };
          }),
        ),
    };
  }

  /** The only size of a batch that the model takes, as its inputs say; `null`: any. */
  get batchSize(): number | null {
    return this.inputs.find(({ shape }) => typeof shape[0] === 'number')?.shape[0] ?? null;
  }

  /** Those that optimizers may change: none of a layer that is not `trainable`. */
  get trainableWeights(): readonly Variable[] {
    return this.leaves.flatMap((layer) => layer.trainableWeights);
  }

  /** Whether any of its layers is trainable. Set, all are, or none; it counts from the next `compile` on. */
  get trainable(): boolean {
    return this.leaves.some(({ trainable }) => trainable);
  }

  set trainable(value: boolean) {
    for (const layer of this.leaves) layer.trainable = value;
  }

  /**
   * What regularizers add to the loss: float32 []. `fit` and `evaluate` add it on their own; a graph program adds it to its loss:
   * `ops.add(loss, net.penalty())`.
   *
   * @param of whose weights count. Default: `trainableWeights`.
   */
  penalty(of: readonly Variable[] = this.trainableWeights): Tensor {
    return penaltyOf(this.leaves, of) ?? tensor(0);
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
   * gives a list. Inputs of bytes are converted. Symbolic tensors make the model a layer of another one, which shares its weights.
   *
   * @param x batch first; one for each input, in order
   * @throws HeddleError for another number of tensors, dtypes or shapes that do not fit (from the layer that finds out).
   */
  apply(x: SymbolicTensor): SymbolicTensor;
  apply(x: readonly SymbolicTensor[]): SymbolicTensor[];
  apply(x: Tensor, options?: ApplyOptions): Tensor;
  apply(x: readonly Tensor[], options?: ApplyOptions): Tensor[];
  apply(
    x: Tensor | SymbolicTensor | readonly (Tensor | SymbolicTensor)[],
    options: ApplyOptions = {},
  ): Tensor | SymbolicTensor | (Tensor | SymbolicTensor)[] {
    const list = Array.isArray(x) ? (x as readonly (Tensor | SymbolicTensor)[]) : [x as Tensor];
    const symbolic = list.length > 0 && list.every(isSymbolic);
    rejectUnknownOptions('apply', options, symbolic ? [] : ['training', 'counter', 'onUpdate']);
    this.#checkCount(list.length, Array.isArray(x));
    const results = symbolic
      ? this.asLayer(this.#givenName).use(list)
      : this.#applied(list as Tensor[], options);
    return Array.isArray(x) ? [...results] : (results[0] as Tensor | SymbolicTensor);
  }

  #applied(x: readonly Tensor[], options: ApplyOptions): readonly Tensor[] {
    const { training = false, counter = this.counter, onUpdate } = options;
    const { outputs, updates } = this.forward(x, { training, counter });
    if (onUpdate) updates.forEach(onUpdate);
    return outputs;
  }

  /** This model as a layer of others: always the same one, so that all share its weights. `name` is for the first use. */
  asLayer(name: string | null): AnyLayer {
    this.#layer ??= new ModelLayer(this, name);
    return this.#layer;
  }

  /** `apply` as training needs it. Default: whatever is trainable now. */
  forward(
    x: readonly Tensor[],
    context: Pick<PassContext, 'training' | 'counter'> & Partial<PassContext>,
  ): Forward {
    const isTrainable: PassContext['isTrainable'] = ({ trainable }) => trainable;
    return forwardPass({ isTrainable, seed: this.seed, ...context }, (each) =>
      this.run(x.map(unmasked), each),
    );
  }

  /** For models that this one is a layer of. */
  run(x: readonly Flow[], context: ForwardContext): readonly Flow[] {
    return applyGraph(this.graph, this.inputNames, x, context);
  }

  /** For models that this one is a layer of: what it gives for inputs of these types. */
  outputTypes(inputs: readonly OutputType[]): readonly OutputType[] {
    return outputTypes(this.#op, this.graph, inputs);
  }

  /** Which numbers its inputs may hold, where they are of these types. */
  inputRanges(inputs: readonly OutputType[]): readonly (NumberRange | null)[] {
    return inputRanges(this.#op, this.graph, inputs);
  }

  #checkCount(given: number, isList: boolean): void {
    const { inputs, outputs } = this.graph;
    if (given === inputs.length && (isList || outputs.length === 1)) return;
    throw new HeddleError({
      op: this.#op,
      message: `it has ${inputs.length} inputs and ${outputs.length} outputs, apply() got ${isList ? `a list of ${given}` : 'one tensor'}`,
      roles: ['x'],
      values: { inputs: inputs.length, outputs: outputs.length, given },
      fix: `pass a list: apply([${this.inputNames.join(', ')}])`,
    });
  }

  /**
   * Throws a HeddleError for an unknown name, with the nearest one.
   *
   * @typeParam L what the caller knows the layer to be: `AnyLayer` where it may have several outputs
   */
  getLayer<L extends AnyLayer = Layer>(name: string): L {
    const layer = this.layers.find((one) => one.name === name);
    if (layer) return layer as L;
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

  /** Frees all memory on the device but the weights of layers that it took from other models. */
  dispose(): void {
    this.store.dispose();
    for (const inner of this.#owned) inner.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const listOf = (ends: SymbolicTensor | readonly SymbolicTensor[]): readonly SymbolicTensor[] =>
  Array.isArray(ends) ? (ends as readonly SymbolicTensor[]) : [ends as SymbolicTensor];
