/** Narrows the list by state and by words; the choice stands in the page's address. */

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { STATE_FILTERS } from "../model/states.js";
import { Icon } from "./icons.js";

/** Milliseconds (ms) after the last key until the words are searched for. */
const TYPING_PAUSE = 250;

/** @typedef {import("../model/run-list.js").Filter} Filter */

/** @param {{filter: Filter, change: (filter: Filter) => void}} props */
export function RunFilters({ filter, change }) {
  const timer = useRef(/** @type {number|undefined} */ (undefined));
  useEffect(() => () => clearTimeout(timer.current), []);
  const onInput = (/** @type {{currentTarget: HTMLInputElement}} */ event) => {
    const q = event.currentTarget.value.trim();
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => change({ ...filter, q }), TYPING_PAUSE);
  };
  return html`<div class="filters" role="search">
    <div class="segments" role="group" aria-label="State">
      ${STATE_FILTERS.map(
        (
          one,
        ) => html`<button key=${one.key} type="button" class="segment"
          aria-pressed=${one.key === filter.state}
        onClick=${() => change({ ...filter, state: one.key })}>${one.word}</button>`,
      )}
    </div>
    <label class="searchbox"><span class="sr-only">Search runs</span><${Icon} shape="search" />
      <input type="search" placeholder="Name, label or id" value=${filter.q} onInput=${onInput} />
    </label>
  </div>`;
}
