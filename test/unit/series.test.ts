import { describe, expect, it } from 'vitest';
import { DataFileError } from '../../demo/data/packed.js';
import { addingProblem, BASELINE } from '../../demo/series/adding.js';
import { AHEAD, FIRST_ORIGIN, growthWindows, SEEN } from '../../demo/series/growth-windows.js';
import {
  asMonth,
  asYear,
  growth,
  meanAbsoluteError,
  monthlySeries,
  seasonalDrift,
  seasonalNaive,
  yearByYear,
} from '../../demo/series/monthly.js';
import { randomStream } from '../../src/core/random.js';
import { co2Table, readCo2 } from '../../tools/data/co2.js';
import { findPackage } from '../../tools/data/sources.js';

describe('the CO₂ series of vega-datasets', () => {
  const { rows, columns } = readCo2(findPackage('vega-datasets').folder);
  const { first, values, filled } = monthlySeries(
    columns.month as readonly string[],
    columns.ppm as readonly number[],
  );

  it('goes from March 1958 to April 2020, with five months filled', () => {
    expect(rows).toBe(741);
    expect(values).toHaveLength(746);
    expect(filled).toBe(5);
    expect(asMonth(first)).toBe('1958-03');
    expect(asMonth(first + values.length - 1)).toBe('2020-04');
    expect(values[0]).toBe(315.7);
    expect(values.at(-1)).toBe(416.18);
  });

  it('fills a month with what lies halfway', () => {
    // June 1958 stands between 317.51 and 315.86.
    expect(values[3]).toBeCloseTo((317.51 + 315.86) / 2, 10);
    // Three months of 1964 are missing: a quarter of the way each.
    const january = 12 * 1964 - first;
    const [from, to] = [values[january] as number, values[january + 4] as number];
    for (const step of [1, 2, 3])
      expect(values[january + step]).toBeCloseTo(from + ((to - from) * step) / 4, 10);
  });

  it('is forecast by the calendar with known errors over the last ten years', () => {
    const from = values.length - 120;
    const truth = values.subarray(from);
    const mae = (forecast: typeof seasonalNaive) =>
      meanAbsoluteError(yearByYear(values, from, forecast(values)), truth);
    expect(mae(seasonalNaive)).toBeCloseTo(2.4126, 3);
    expect(mae(seasonalDrift)).toBeCloseTo(0.8048, 3);
  });
});

describe('the file of the series', () => {
  const head = 'Date,CO2,adjusted CO2';
  it.each([
    ['Date,CO2', /begins with "Date,CO2"/],
    [head, /has no months/],
    [`${head}\n1958-03-01,315.70,314.44\n1958-13-01,1.0,1.0`, /line 3 is "1958-13-01/],
    [`${head}\n1958-03-01,315.70,314.44\n1958-02-01,1.0,1.0`, /line 3 is "1958-02-01.*no later month/],
    [`${head}\n1958-03-01,,314.44`, /line 2 is/],
  ])('is refused where it is %j', (text, message) => {
    expect(() => co2Table(text, 'co2.csv')).toThrow(DataFileError);
    expect(() => co2Table(text, 'co2.csv')).toThrow(message);
  });

  it('names the package to install again where it is not there', () => {
    expect(() => readCo2('/nonexistent')).toThrow(/co2-concentration\.csv: it cannot be read.*npm ci/);
  });
});

describe('a forecast by the calendar', () => {
  const values = Float64Array.from({ length: 60 }, (_, at) => 100 + at + 5 * Math.sin((Math.PI * at) / 6));

  it('repeats the last year, or adds its growth: exact where the growth is steady', () => {
    const naive = yearByYear(values, 36, seasonalNaive(values));
    for (const [index, value] of naive.entries())
      expect(value).toBeCloseTo((values[36 + index] as number) - 12, 10);
    const drift = yearByYear(values, 36, seasonalDrift(values));
    for (const [index, value] of drift.entries()) expect(value).toBeCloseTo(values[36 + index] as number, 10);
    expect(meanAbsoluteError(naive, values.subarray(36))).toBeCloseTo(12, 10);
  });

  it('knows at each origin what lies before it, and nothing else', () => {
    const asked: (readonly [number, number])[] = [];
    yearByYear(values, 30, (origin, horizon) => {
      asked.push([origin, horizon]);
      return 0;
    });
    expect(asked).toHaveLength(30);
    expect(asked.every(([origin, horizon], index) => origin + horizon === 30 + index && horizon < 12)).toBe(
      true,
    );
    expect([...new Set(asked.map(([origin]) => origin))]).toEqual([30, 42, 54]);
  });

  it('tells the middle of a month as a year', () => {
    expect(asYear(12 * 2010)).toBeCloseTo(2010 + 1 / 24, 10);
    expect(asMonth(12 * 2010 + 11)).toBe('2010-12');
  });
});

describe('windows of growth', () => {
  const values = Float64Array.from({ length: 120 }, (_, at) => 0.01 * at * at + Math.cos((Math.PI * at) / 6));

  it('hold the growth of the months before, and of the months to come, less the mean of those before', () => {
    const origins = [FIRST_ORIGIN, 70];
    const { rows, x, y, mean } = growthWindows(values, origins);
    expect([rows, x.length, y.length]).toEqual([2, 2 * SEEN, 2 * AHEAD]);
    for (const [row, origin] of origins.entries()) {
      const seen = x.subarray(row * SEEN, (row + 1) * SEEN);
      expect(seen.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 4);
      expect((seen[0] as number) + (mean[row] as number)).toBeCloseTo(growth(values, origin - SEEN), 5);
      expect((seen[SEEN - 1] as number) + (mean[row] as number)).toBeCloseTo(growth(values, origin - 1), 5);
      for (let step = 0; step < AHEAD; step++) {
        const told = (y[row * AHEAD + step] as number) + (mean[row] as number);
        expect((values[origin + step - 12] as number) + told).toBeCloseTo(values[origin + step] as number, 4);
      }
    }
  });

  it('do not change with what lies behind their origin', () => {
    const changed = values.map((value, at) => (at < 70 ? value : -value));
    expect(growthWindows(changed, [70]).x).toEqual(growthWindows(values, [70]).x);
    expect(growthWindows(changed, [70]).mean).toEqual(growthWindows(values, [70]).mean);
  });

  it('end with the series', () => {
    const { y } = growthWindows(values, [115]);
    expect(y.subarray(5).every((value) => value === 0)).toBe(true);
    expect(y[4]).not.toBe(0);
  });
});

describe('the adding problem', () => {
  const { rows, x, y } = addingProblem(4000, 20, randomStream(3, 0));

  it('marks one number in each half, and asks for their sum', () => {
    const places = new Set<number>();
    for (let row = 0; row < rows; row++) {
      const marked: number[] = [];
      for (let step = 0; step < 20; step++) {
        const at = 2 * (row * 20 + step);
        expect(x[at]).toBeGreaterThanOrEqual(0);
        expect(x[at]).toBeLessThan(1);
        if (x[at + 1] === 1) marked.push(step);
        else expect(x[at + 1]).toBe(0);
      }
      expect(marked).toHaveLength(2);
      expect(marked[0]).toBeLessThan(10);
      expect(marked[1]).toBeGreaterThanOrEqual(10);
      for (const step of marked) places.add(step);
      const [a, b] = marked.map((step) => x[2 * (row * 20 + step)] as number);
      expect(y[row]).toBeCloseTo((a as number) + (b as number), 5);
    }
    expect(places.size).toBe(20);
  });

  it('costs who always says 1 a sixth', () => {
    const error = y.reduce((sum, value) => sum + (value - 1) ** 2, 0) / rows;
    expect(Math.abs(error - BASELINE)).toBeLessThan(0.01);
  });

  it('is the same for the same seed', () => {
    expect(addingProblem(5, 20, randomStream(3, 0)).x).toEqual(x.subarray(0, 5 * 40));
  });
});
