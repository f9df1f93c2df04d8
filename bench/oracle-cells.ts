/** The recurrent cells of the oracle, in float64: one step of one example, forward and backward. */

import type { RecurrentLayer } from './task.js';

/** A matrix [rows, columns] by rows. */
export interface Matrix {
  readonly data: Float64Array;
  readonly columns: number;
}

/** What one step was made of and made. */
export interface Step {
  readonly before: Float64Array;
  readonly cBefore: Float64Array;
  /** Behind their activations. */
  readonly gates: Float64Array;
  /** The new state, and the new cell state of lstm. */
  readonly h: Float64Array;
  readonly c: Float64Array;
  /** gru: what the reset gate multiplied; gruResetBefore: the state times the reset gate. */
  readonly reset: Float64Array;
}

/** `px` and `ph` are the sums of the input's and of the state's product, biases included; both are overwritten. */
export interface Forward {
  readonly units: number;
  readonly px: Float64Array;
  readonly ph: Float64Array;
  readonly before: Float64Array;
  readonly cBefore: Float64Array;
  readonly recurrent: Matrix;
}

/** The gradients of `px`, of `ph` and of the states before are written; all are zeros at first. */
export interface Backward {
  readonly units: number;
  readonly step: Step;
  readonly dh: Float64Array;
  readonly dc: Float64Array;
  readonly dpx: Float64Array;
  /** The same array as `dpx`, save for gru. */
  readonly dph: Float64Array;
  readonly dBefore: Float64Array;
  readonly dcBefore: Float64Array;
  readonly recurrent: Matrix;
  readonly dRecurrent: Matrix;
}

interface Cell {
  forward(pass: Forward): Step;
  backward(pass: Backward): void;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const at = (array: ArrayLike<number>, index: number): number => array[index] as number;
const NONE = new Float64Array();

const simpleRNN: Cell = {
  forward({ px, ph, before, cBefore }) {
    const h = px.map((value, j) => Math.tanh(value + at(ph, j)));
    return { before, cBefore, gates: h, h, c: cBefore, reset: NONE };
  },
  backward({ step, dh, dpx }) {
    for (let j = 0; j < dh.length; j++) dpx[j] = at(dh, j) * (1 - at(step.h, j) ** 2);
  },
};

const lstm: Cell = {
  forward({ units, px, ph, before, cBefore }) {
    const candidate = (j: number): boolean => Math.floor(j / units) === 2;
    const gates = px.map((value, j) => (candidate(j) ? Math.tanh : sigmoid)(value + at(ph, j)));
    const c = cBefore.map(
      (value, j) => at(gates, units + j) * value + at(gates, j) * at(gates, 2 * units + j),
    );
    const h = c.map((value, j) => at(gates, 3 * units + j) * Math.tanh(value));
    return { before, cBefore, gates, h, c, reset: NONE };
  },
  backward({ units, step: { gates, c, cBefore }, dh, dc, dpx, dcBefore }) {
    for (let j = 0; j < units; j++) {
      const [i, f] = [at(gates, j), at(gates, units + j)];
      const [g, o] = [at(gates, 2 * units + j), at(gates, 3 * units + j)];
      const tanh = Math.tanh(at(c, j));
      const d = at(dc, j) + at(dh, j) * o * (1 - tanh * tanh);
      dpx[j] = d * g * i * (1 - i);
      dpx[units + j] = d * at(cBefore, j) * f * (1 - f);
      dpx[2 * units + j] = d * i * (1 - g * g);
      dpx[3 * units + j] = at(dh, j) * tanh * o * (1 - o);
      dcBefore[j] = d * f;
    }
  },
};

/** z · h + (1 − z) · n, with n behind its activation. */
const mixed = (gates: Float64Array, before: Float64Array): Float64Array =>
  before.map((value, j) => at(gates, j) * value + (1 - at(gates, j)) * at(gates, 2 * before.length + j));

/** The gradients that both kinds of GRU share: of z's sum, of n's sum, and of the state itself. */
function backwardOfMixed({ units, step: { gates, before }, dh, dpx, dBefore }: Backward): void {
  for (let j = 0; j < units; j++) {
    const [z, n] = [at(gates, j), at(gates, 2 * units + j)];
    dpx[j] = at(dh, j) * (at(before, j) - n) * z * (1 - z);
    dpx[2 * units + j] = at(dh, j) * (1 - z) * (1 - n * n);
    dBefore[j] = at(dh, j) * z;
  }
}

const gru: Cell = {
  forward({ units, px, ph, before, cBefore }) {
    const reset = ph.slice(2 * units);
    const gates = px.map((value, j) => sigmoid(value + at(ph, j)));
    for (let j = 0; j < units; j++) {
      const n = 2 * units + j;
      gates[n] = Math.tanh(at(px, n) + at(gates, units + j) * at(reset, j));
    }
    return { before, cBefore, gates, h: mixed(gates, before), c: cBefore, reset };
  },
  backward(pass) {
    const { units, step, dpx, dph } = pass;
    backwardOfMixed(pass);
    for (let j = 0; j < units; j++) {
      const [r, dn] = [at(step.gates, units + j), at(dpx, 2 * units + j)];
      dpx[units + j] = dn * at(step.reset, j) * r * (1 - r);
      dph[j] = at(dpx, j);
      dph[units + j] = at(dpx, units + j);
      dph[2 * units + j] = dn * r;
    }
  },
};

const gruResetBefore: Cell = {
  forward({ units, px, ph, before, cBefore, recurrent }) {
    const gates = px.map((value, j) => sigmoid(value + at(ph, j)));
    const reset = before.map((value, j) => at(gates, units + j) * value);
    const product = new Float64Array(3 * units);
    addProduct(product, reset, recurrent, 2 * units, 3 * units);
    for (let n = 2 * units; n < 3 * units; n++) gates[n] = Math.tanh(at(px, n) + at(product, n));
    return { before, cBefore, gates, h: mixed(gates, before), c: cBefore, reset };
  },
  backward(pass) {
    const { units, step, dpx, dBefore, recurrent, dRecurrent } = pass;
    backwardOfMixed(pass);
    const dReset = new Float64Array(units);
    addBack(dReset, dpx, recurrent, 2 * units, 3 * units);
    addOuter(dRecurrent, step.reset, dpx, 2 * units, 3 * units);
    for (let j = 0; j < units; j++) {
      const r = at(step.gates, units + j);
      dpx[units + j] = at(dReset, j) * at(step.before, j) * r * (1 - r);
      dBefore[j] = at(dBefore, j) + at(dReset, j) * r;
    }
  },
};

export const CELLS: Readonly<Record<RecurrentLayer['cell'], Cell>> = {
  simpleRNN,
  lstm,
  gru,
  gruResetBefore,
};

/** y[j] += Σ x[i] · matrix[i, j], for columns `from` … `to`. */
export function addProduct(y: Float64Array, x: Float64Array, matrix: Matrix, from: number, to: number): void {
  const { data, columns } = matrix;
  for (let i = 0; i < x.length; i++) {
    const value = at(x, i);
    for (let j = from; j < to; j++) y[j] = at(y, j) + value * at(data, i * columns + j);
  }
}

/** dx[i] += Σ dy[j] · matrix[i, j], over columns `from` … `to`. */
export function addBack(dx: Float64Array, dy: Float64Array, matrix: Matrix, from: number, to: number): void {
  const { data, columns } = matrix;
  for (let i = 0; i < dx.length; i++) {
    let sum = at(dx, i);
    for (let j = from; j < to; j++) sum += at(dy, j) * at(data, i * columns + j);
    dx[i] = sum;
  }
}

/** matrix[i, j] += x[i] · dy[j], for columns `from` … `to`. */
export function addOuter(matrix: Matrix, x: Float64Array, dy: Float64Array, from: number, to: number): void {
  const { data, columns } = matrix;
  for (let i = 0; i < x.length; i++) {
    const value = at(x, i);
    for (let j = from; j < to; j++) data[i * columns + j] = at(data, i * columns + j) + value * at(dy, j);
  }
}
