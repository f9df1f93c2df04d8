/** The results as they come in: a summary, and a section for each suite with its charts and the cards of its cases. */

import type { BenchCase } from '../case.js';
import type { Roof } from '../roofline.js';
import type { Row } from '../row.js';
import { aboutFirst, byCase } from '../run.js';
import type { Suite } from '../suites/index.js';
import { caseCard } from './case-card.js';
import { element } from './element.js';
import { drawSuiteChart } from './suite-chart.js';
import { summaryTable } from './summary.js';

export interface Results {
  /** Of finished cases. */
  readonly rows: readonly Row[];
  clear(): void;
  judgeBy(roof: Roof): void;
  /** The rows so far of a case that runs. */
  show(rows: readonly Row[], bench: BenchCase): void;
  /** The rows of a case that has ended. */
  add(rows: readonly Row[], bench: BenchCase): void;
  /** Takes away the case that was running. */
  stop(): void;
}

interface Section {
  readonly place: HTMLElement;
  readonly charts: readonly ((rows: readonly Row[]) => void)[];
}

export function resultsIn(
  place: HTMLElement,
  summary: HTMLElement,
  suites: Readonly<Record<string, Suite>>,
): Results {
  const sections = new Map<string, Section>();
  let rows: Row[] = [];
  let roof: Roof | null = null;
  let live: HTMLElement | null = null;
  const sectionOf = ({ suite }: BenchCase): Section => {
    const section = sections.get(suite) ?? sectionIn(place, suite, suites[suite]);
    sections.set(suite, section);
    return section;
  };
  const stop = (): void => {
    live?.remove();
    live = null;
  };
  return {
    get rows() {
      return rows;
    },
    clear() {
      rows = [];
      roof = null;
      live = null;
      sections.clear();
      place.replaceChildren();
      summary.replaceChildren();
    },
    judgeBy(measured) {
      roof = measured;
    },
    show(found, bench) {
      const card = caseCard(found, { about: bench.about, roof, running: true });
      if (live) live.replaceWith(card);
      else sectionOf(bench).place.append(card);
      live = card;
    },
    add(found, bench) {
      stop();
      rows.push(...found);
      const section = sectionOf(bench);
      for (const draw of section.charts) draw(found);
      for (const [name, of] of byCase(found)) {
        const about = name === bench.name ? bench.about : aboutFirst(bench);
        section.place.append(caseCard(of, { about, roof, running: false }));
      }
      const table = summaryTable(rows);
      if (table) summary.replaceChildren(table);
    },
    stop,
  };
}

function sectionIn(place: HTMLElement, name: string, suite: Suite | undefined): Section {
  const section = element('section', 'suite');
  const title = element('h2', '', name);
  title.id = `suite-${name}`;
  section.setAttribute('aria-labelledby', title.id);
  section.append(title, element('p', 'about', suite?.about ?? ''));
  place.append(section);
  return { place: section, charts: (suite?.charts ?? []).map((chart) => drawSuiteChart(section, chart)) };
}
