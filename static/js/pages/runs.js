/** The list of runs, newest first, live. */

import { effect, signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useMemo } from "preact/hooks";
import { BulkFeed } from "../live/bulk-feed.js";
import { Parents } from "../live/parents.js";
import { RunCounts } from "../live/run-counts.js";
import { Selection } from "../live/selection.js";
import {
  countOf,
  describeFilter,
  isFiltered,
  NO_FILTER,
  readFilter,
  writeFilter,
} from "../model/run-list.js";
import { statesOf } from "../model/states.js";
import { Blank, Loading, ProblemNote } from "../view/blank.js";
import { later } from "../view/later.js";
import { RunFilters } from "../view/run-filters.js";
import { RunRows } from "../view/run-rows.js";
import { focusedRun, focusOn, focusRow } from "../view/row-focus.js";
import { useServices, useShortcuts } from "../view/services.js";

/** @typedef {import("../model/run-list.js").Filter} Filter */
/** @typedef {import("../view/services.js").Services} Services */
/** @typedef {import("../begin/runs.js").Begun} Begun */
/** @typedef {import("../live/list-store.js").ListStore} ListStore */

const BulkBar = later(() => import("../view/bulk-bar.js").then((m) => m.BulkBar));
const FirstRun = later(() => import("../view/first-run.js").then((m) => m.FirstRun));
const ParentStrip = later(
  () => import("../view/parent-strip.js").then((m) => m.ParentStrip),
  // Its place is kept: rows that were seen must not jump.
  html`<div class="strips"></div>`,
);

/**
 * What the page is made of; `selection` is null for those who may only look.
 * @typedef {ReturnType<typeof partsOf>} Parts
 */

/** @param {Services} services @param {Begun} begun */
function partsOf(services, { store, feed, filter }) {
  return {
    store,
    feed,
    counts: new RunCounts(services, store),
    parents: new Parents(services),
    bulk: new BulkFeed(services),
    selection: services.mayAct ? new Selection(store) : null,
    filter: signal(filter),
  };
}

/** @param {{begun: Begun}} props */
export function RunsPage({ begun }) {
  const services = useServices();
  const parts = useMemo(() => partsOf(services, begun), [begun]);
  const { store, counts, parents, bulk, selection, filter } = parts;
  useEffect(() => connect(parts, services), []);
  const change = (/** @type {Filter} */ next) => {
    writeAddress(filter.peek(), next);
    narrow(parts, next);
  };
  useShortcuts(keysOf(parts));
  const showAll = () => change(NO_FILTER);
  return html`<${RunFilters} filter=${filter.value} change=${change} counts=${counts}
      parents=${parents}>
      <${PauseSwitch} store=${store} toggle=${() => togglePause(parts)} /><//>
    ${selection ? html`<${InBulk} selection=${selection} bulk=${bulk} counts=${counts}
      filter=${filter.value} />` : null}
    <${ParentStrip} parents=${parents} filter=${filter.value} change=${change} />
    <${Listed} ...${parts} filter=${filter.value} showAll=${showAll} />`;
}

/** @param {Parts} parts @param {Filter} next */
function narrow({ filter, selection, feed, counts }, next) {
  filter.value = next;
  selection?.clear();
  feed.setFilter(next);
  counts.setFilter(next);
}

/**
 * Going back leads to what the list was narrowed by before; words are one step, however many
 * letters they have.
 * @param {Filter} before @param {Filter} next
 */
function writeAddress(before, next) {
  const goesOn = before.q && next.q && writeFilter({ ...before, q: next.q }) === writeFilter(next);
  const address = `/${writeFilter(next)}`;
  if (goesOn) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}

/** @param {Parts} parts @param {Services} services */
function connect(parts, services) {
  const { store, counts, parents, bulk, filter } = parts;
  const goBack = () => narrow(parts, readFilter(location.search));
  addEventListener("popstate", goBack);
  counts.setFilter(filter.peek());
  const connected = [counts, parents, bulk];
  for (const part of connected) part.connect();
  const stopTab = effect(() => {
    const active = countOf(counts.counts.value, statesOf("active"));
    showInTab(active ?? store.active.value, services.tab);
  });
  return () => {
    stopTab();
    removeEventListener("popstate", goBack);
    for (const part of connected) part.disconnect();
  };
}

/** @param {import("../view/choosing.js").Choosing} props */
function InBulk(props) {
  const { selection, bulk } = props;
  return selection.size.value || bulk.bulk.value ? html`<${BulkBar} ...${props} />` : null;
}

/** @param {Parts} parts */
const togglePause = ({ store, feed }) => (store.paused.peek() ? feed.resume() : feed.pause());

/** @param {{store: ListStore, toggle: () => void}} props */
function PauseSwitch({ store, toggle }) {
  return html`<button type="button" class="toggle" aria-pressed=${store.paused.value}
    onClick=${toggle}>Pause</button>`;
}

/** @param {Parts} parts */
function keysOf(parts) {
  return [
    { key: "j", does: "Next run; Enter opens it", act: () => focusRow(1) },
    { key: "k", does: "Previous run", act: () => focusRow(-1) },
    ...choosingKeys(parts),
    { key: "/", does: "Search", act: () => focusOn(".searchbox input") },
    { key: "p", does: "Pause the list, or let it go on", act: () => togglePause(parts) },
  ];
}

/** @param {Parts} parts */
function choosingKeys({ selection }) {
  if (!selection) return [];
  const choose = (/** @type {boolean} */ asRange) => {
    const id = focusedRun();
    if (id) selection.choose(id, asRange);
  };
  return [
    { key: "x", does: "Select the run, or let it go", act: () => choose(false) },
    { key: "X", does: "Select up to this run", act: () => choose(true) },
    { key: "a", does: "Select all shown, or none", act: () => selection.chooseShown() },
    { key: "b", does: "What to do with them", act: () => focusOn(".bulk-bar button:enabled") },
  ];
}

/** @param {number} active @param {import("../live/tab-face.js").TabFace} tab */
function showInTab(active, tab) {
  tab.show(
    active ? `${active} active · Runs · Inception` : "Runs · Inception",
    active ? "progress" : "pending",
  );
}

/** @param {Omit<Parts, "filter"> & {filter: Filter, showAll: () => void}} props */
function Listed({ store, feed, parents, selection, filter, showAll }) {
  const problem = store.problem.value;
  if (!store.loaded.value)
    return problem
      ? html`<${ProblemNote} text=${problem.message} />`
      : html`<${Loading} label="Reading the runs" />`;
  if (store.ids.value.length)
    return html`<${RunRows} store=${store} feed=${feed} parents=${parents}
      selection=${selection} />`;
  if (isFiltered(filter))
    return html`<${Blank} title="No run matches"><p class="muted">
      There is none with <strong class="wrap">${describeFilter(filter)}</strong>.
      New runs that match appear here by themselves.</p>
      <p><button type="button" class="button" onClick=${showAll}>Show all runs</button></p><//>`;
  return html`<${FirstRun} />`;
}
