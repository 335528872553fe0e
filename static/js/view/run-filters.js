/** Narrows the list by state, parent, time and words; the choice stands in the page's address. */

import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatCount, shortName } from "../model/format.js";
import { countOf, TIMES } from "../model/run-list.js";
import { STATE_FILTERS } from "../model/states.js";
import { Icon } from "./icons.js";

/** Milliseconds (ms) after the last key until the words are searched for. */
const TYPING_PAUSE = 250;

/** @typedef {import("../model/run-list.js").Filter} Filter */
/** @typedef {import("../live/run-counts.js").RunCounts} RunCounts */

/**
 * @typedef {object} RunFiltersProps
 * @property {Filter} filter
 * @property {(filter: Filter) => void} change
 * @property {RunCounts} counts
 * @property {import("../live/parents.js").Parents} parents
 * @property {unknown} [children]  further switches of the list
 */

/** @param {RunFiltersProps} props */
export function RunFilters({ filter, change, counts, parents, children }) {
  return html`<div class="filters" role="search">
    <${States} filter=${filter} change=${change} counts=${counts} />
    <div class="filters-end">
      <${Names} filter=${filter} change=${change} names=${parents.names.value} />
      <${Times} filter=${filter} change=${change} />
      <${Words} filter=${filter} change=${change} />
      ${children}
    </div>
  </div>`;
}

/** @param {{filter: Filter, change: (filter: Filter) => void, counts: RunCounts}} props */
function States({ filter, change, counts }) {
  return html`<div class="segments" role="group" aria-label="State">
    ${STATE_FILTERS.map(
      (one) => html`<button key=${one.key} type="button" class="segment"
        aria-pressed=${one.key === filter.state}
        onClick=${() => change({ ...filter, state: one.key })}>${one.word}
        <${Count} n=${countOf(counts.counts.value, one.states)} /></button>`,
    )}
  </div>`;
}

/** @param {{n: number|null}} props */
function Count({ n }) {
  return n === null ? null : html` <span class="segment-count tabular">${formatCount(n)}</span>`;
}

/** @typedef {{currentTarget: HTMLInputElement & HTMLSelectElement}} Typed */

/** @param {{filter: Filter, change: (filter: Filter) => void, names: string[]}} props */
function Names({ filter, change, names }) {
  const all = filter.name && !names.includes(filter.name) ? [filter.name, ...names] : names;
  const onChange = (/** @type {Typed} */ event) =>
    change({ ...filter, name: event.currentTarget.value });
  return html`<label class="choice"><span class="sr-only">Parent</span>
    <select value=${filter.name} onChange=${onChange}>
      <option value="">Any parent</option>
      ${all.map((name) => html`<option key=${name} value=${name} title=${name}>
        ${shortName(name)}</option>`)}
    </select></label>`;
}

/** @param {{filter: Filter, change: (filter: Filter) => void}} props */
function Times({ filter, change }) {
  const onChange = (/** @type {Typed} */ event) =>
    change({ ...filter, time: event.currentTarget.value });
  return html`<label class="choice"><span class="sr-only">Time</span>
    <select value=${filter.time} onChange=${onChange}>
      <option value="">Any time</option>
      ${TIMES.map((time) => html`<option key=${time.key} value=${time.key}>${time.word}</option>`)}
    </select></label>`;
}

/**
 * What is typed stays as it is typed, whatever is drawn anew meanwhile; only a filter that was
 * changed elsewhere takes its place.
 * @param {{filter: Filter, change: (filter: Filter) => void}} props
 */
function Words({ filter, change }) {
  const [typed, setTyped] = useState(filter.q);
  const latest = useRef({ filter, change });
  latest.current = { filter, change };
  const timer = useRef(/** @type {number|undefined} */ (undefined));
  useEffect(() => () => clearTimeout(timer.current), []);
  const asked = useRef(filter.q);
  if (filter.q !== asked.current) {
    asked.current = filter.q;
    clearTimeout(timer.current);
    setTyped(filter.q);
  }
  const search = (/** @type {string} */ q) => {
    asked.current = q;
    latest.current.change({ ...latest.current.filter, q });
  };
  const onInput = (/** @type {Typed} */ event) => {
    const text = event.currentTarget.value;
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => search(text.trim()), TYPING_PAUSE);
  };
  return html`<label class="searchbox"><span class="sr-only">Search runs</span>
    <${Icon} shape="search" />
    <input type="search" placeholder="Name, label or id" value=${typed} onInput=${onInput} />
  </label>`;
}
