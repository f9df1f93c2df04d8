/** A series with a value for each month, gaps filled, and the forecasts that know nothing but the calendar. */

export interface MonthlySeries {
  /** Months since the year 0: 12 × year + month - 1. */
  readonly first: number;
  readonly values: Float64Array;
  /** Months that had no value, and got one on the straight line between their neighbours. */
  readonly filled: number;
}

/** `months` are written `1958-03` and rise. */
export function monthlySeries(months: readonly string[], values: readonly number[]): MonthlySeries {
  const at = months.map((month) => 12 * Number(month.slice(0, 4)) + Number(month.slice(5, 7)) - 1);
  const [first = 0, last = 0] = [at[0], at.at(-1)];
  const whole = new Float64Array(last - first + 1);
  for (const [index, month] of at.entries()) {
    const value = values[index] as number;
    whole[month - first] = value;
    const before = index === 0 ? month : (at[index - 1] as number);
    const from = index === 0 ? value : (values[index - 1] as number);
    for (let gap = before + 1; gap < month; gap++)
      whole[gap - first] = from + ((value - from) * (gap - before)) / (month - before);
  }
  return { first, values: whole, filled: whole.length - months.length };
}

/** The middle of a month as a year with decimals. */
export const asYear = (month: number): number => (month + 0.5) / 12;

/** `2010-05` for 12 × 2010 + 4. */
export const asMonth = (month: number): string =>
  `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`;

/** What is said of months `from` on, in one go for each year of twelve, each from what was known before it. */
export type Forecast = (origin: number, horizon: number) => number;

/** Every month from `from` to the end of `values`, forecast once: twelve at a time, then with that year known, the next twelve. */
export function yearByYear(values: Float64Array, from: number, forecast: Forecast): Float64Array {
  return Float64Array.from({ length: values.length - from }, (_, index) => {
    const horizon = index % 12;
    return forecast(from + index - horizon, horizon);
  });
}

/** As in the same month of the last year that is known. */
export const seasonalNaive =
  (values: Float64Array): Forecast =>
  (origin, horizon) =>
    values[origin + horizon - 12] as number;

/** The same, plus what the last month that is known had gained on its year before. */
export const seasonalDrift =
  (values: Float64Array): Forecast =>
  (origin, horizon) =>
    (values[origin + horizon - 12] as number) + growth(values, origin - 1);

/** What a month has gained on the same month of the year before: what is left without season and level. */
export const growth = (values: Float64Array, at: number): number =>
  (values[at] as number) - (values[at - 12] as number);

export function meanAbsoluteError(forecast: Float64Array, truth: Float64Array): number {
  let sum = 0;
  for (const [index, value] of forecast.entries()) sum += Math.abs(value - (truth[index] as number));
  return sum / forecast.length;
}
