/**
 * The monthly CO₂ of Mauna Loa, forecast by an LSTM. The last ten years are held out and forecast year by year: the network is shown the
 * three years before, says the twelve months that follow, then is told what they were and says the next twelve. To be beaten is the
 * forecast that repeats the year before, at the very same horizons.
 */

import { layers, losses, type NDArray, optimizers, sequential } from 'heddle';
import { loadTable } from '../data/load-table.js';
import { numberColumn, textColumn } from '../data/packed-table.js';
import type { Plot, PlotLine } from '../driver/events.js';
import { AHEAD, FIRST_ORIGIN, growthWindows, SEEN } from '../series/growth-windows.js';
import {
  asMonth,
  asYear,
  type Forecast,
  type MonthlySeries,
  meanAbsoluteError,
  monthlySeries,
  seasonalDrift,
  seasonalNaive,
  yearByYear,
} from '../series/monthly.js';
import type { ExampleContext, ExampleResult } from './example.js';

/** Months, and of them those in the plot before the first that is held out. */
const HELD_OUT = 120;
const BEFORE = 48;

export async function co2(context: ExampleContext): Promise<ExampleResult> {
  const { epochs, batchSize, seed, signal, onCompile } = context;
  context.stage('loading 62 years of CO₂');
  const table = await loadTable(context.dataUrl, 'co2');
  const series = monthlySeries(textColumn(table, 'month'), numberColumn(table, 'ppm'));
  const { values } = series;
  const from = values.length - HELD_OUT;

  // What a window of the training set is asked for ends before the held-out years begin.
  const train = growthWindows(values, stepsBetween(FIRST_ORIGIN, from - AHEAD, 1));
  const test = growthWindows(values, stepsBetween(from, values.length - 1, AHEAD));

  const net = sequential(
    [layers.lstm({ units: 16, inputShape: [SEEN, 1] }), layers.dense({ units: AHEAD })],
    { seed },
  );
  net.compile({ optimizer: optimizers.adam({ learningRate: 3e-3 }), loss: losses.meanSquaredError() });

  /** [HELD_OUT]: the growth that the network expects, put on the year before. */
  const forecast = async (): Promise<Float64Array> => {
    const seen = { data: test.x, shape: [test.rows, SEEN, 1] };
    const { data } = (await net.predict(seen, { batchSize: test.rows })) as NDArray;
    return yearByYear(values, from, (origin, horizon) => {
      const row = (origin - from) / AHEAD;
      const grown = (test.mean[row] as number) + (data[row * AHEAD + horizon] as number);
      return (values[origin + horizon - 12] as number) + grown;
    });
  };
  const naive = yearByYear(values, from, seasonalNaive(values));

  const stepsPerEpoch = Math.ceil(train.rows / batchSize);
  const plot = async (): Promise<Plot> => drawn(series, from, await forecast(), naive);
  context.show({ model: net, plot, stepsPerEpoch, steps: epochs * stepsPerEpoch });
  const x = { data: train.x, shape: [train.rows, SEEN, 1] };
  const y = { data: train.y, shape: [train.rows, AHEAD] };
  await context.follow(net.fit(x, y, { epochs, batchSize, signal, onCompile }));

  context.stage('forecasting the held-out years');
  const truth = values.subarray(from);
  const error = (of: Float64Array): number => meanAbsoluteError(of, truth);
  const byCalendar = (rule: (values: Float64Array) => Forecast): number =>
    error(yearByYear(values, from, rule(values)));
  const [ours, drift] = [error(await forecast()), byCalendar(seasonalDrift)];
  const span = `${asMonth(series.first + from)} to ${asMonth(series.first + values.length - 1)}`;
  return {
    loss: ours,
    measuredOn: `mean absolute error in ppm, ${span}, twelve months at a time`,
    details: [
      `mean absolute error ${ours.toFixed(3)} ppm on held-out ${span}, forecast twelve months at a time`,
      `the seasonal-naive forecast of the same months, last year's values: ${error(naive).toFixed(3)} ppm`,
      `last year's values and last year's growth: ${drift.toFixed(3)} ppm`,
    ],
    passed: ours < error(naive),
  };
}

/** `from`, and every `step`-th after it up to `to`. */
const stepsBetween = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

function drawn(
  { first, values }: MonthlySeries,
  from: number,
  ours: Float64Array,
  naive: Float64Array,
): Plot {
  const line = (name: string, kind: PlotLine['kind'], at: number, y: Float64Array): PlotLine => ({
    name,
    kind,
    x: Array.from(y, (_, index) => asYear(first + at + index)),
    y: [...y],
  });
  return {
    title: 'CO₂ on Mauna Loa: the held-out years, forecast year by year',
    axes: ['year', 'ppm'],
    lines: [
      line('measured', 'truth', from - BEFORE, values.subarray(from - BEFORE)),
      line('LSTM', 'model', from, ours),
      line('as last year', 'baseline', from, naive),
    ],
  };
}
