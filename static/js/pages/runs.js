/** The list of runs, newest first, live. */

import { effect, signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { ListFeed } from "../live/list-feed.js";
import { ListStore } from "../live/list-store.js";
import { RunCounts } from "../live/run-counts.js";
import { plural } from "../model/format.js";
import { isFiltered, readFilter, writeFilter } from "../model/run-list.js";
import { Blank, Loading, ProblemNote } from "../view/blank.js";
import { FirstRun } from "../view/first-run.js";
import { RunFilters } from "../view/run-filters.js";
import { RunRow } from "../view/run-row.js";
import { focusOn, focusRow } from "../view/row-focus.js";
import { useServices, useShortcuts } from "../view/services.js";
import { Still } from "../view/still.js";
import { VirtualList } from "../view/virtual-list.js";

/** @typedef {import("../model/run-list.js").Filter} Filter */

/** Scrolled down this far (px), new runs wait behind a button instead of moving what is read. */
const READING_BELOW = 120;

export function RunsPage() {
  const services = useServices();
  const store = useMemo(() => new ListStore(), []);
  const feed = useMemo(() => new ListFeed(services, store), []);
  const counts = useMemo(() => new RunCounts(services, store), []);
  const filter = useMemo(() => signal(readFilter(location.search)), []);
  useEffect(() => {
    const parts = [feed, counts];
    for (const part of parts) part.setFilter(filter.peek());
    for (const part of parts) part.connect();
    const stopTab = effect(() => showInTab(store.active.value, services.tab));
    return () => {
      stopTab();
      for (const part of parts) part.disconnect();
    };
  }, []);
  const change = (/** @type {Filter} */ next) => {
    filter.value = next;
    history.replaceState(null, "", `/${writeFilter(next)}`);
    feed.setFilter(next);
    counts.setFilter(next);
  };
  useShortcuts(keysOf(store, feed));
  return html`<${RunFilters} filter=${filter.value} change=${change} counts=${counts}>
      <${PauseSwitch} store=${store} toggle=${() => togglePause(store, feed)} /><//>
    <${Listed} store=${store} feed=${feed} filter=${filter.value} />`;
}

/** @param {ListStore} store @param {ListFeed} feed */
const togglePause = (store, feed) => (store.paused.peek() ? feed.resume() : feed.pause());

/** @param {{store: ListStore, toggle: () => void}} props */
function PauseSwitch({ store, toggle }) {
  return html`<button type="button" class="toggle" aria-pressed=${store.paused.value}
    onClick=${toggle}>Pause</button>`;
}

/** @param {ListStore} store @param {ListFeed} feed */
function keysOf(store, feed) {
  return [
    { key: "j", does: "Next run; Enter opens it", act: () => focusRow(1) },
    { key: "k", does: "Previous run", act: () => focusRow(-1) },
    { key: "/", does: "Search", act: () => focusOn(".searchbox input") },
    { key: "p", does: "Pause the list, or let it go on", act: () => togglePause(store, feed) },
  ];
}

/** @param {number} active @param {import("../live/tab-face.js").TabFace} tab */
function showInTab(active, tab) {
  tab.show(
    active ? `${active} active · Runs · Inception` : "Runs · Inception",
    active ? "progress" : "pending",
  );
}

/** @param {{store: ListStore, feed: ListFeed, filter: Filter}} props */
function Listed({ store, feed, filter }) {
  const problem = store.problem.value;
  if (!store.loaded.value)
    return problem
      ? html`<${ProblemNote} text=${problem.message} />`
      : html`<${Loading} label="Reading the runs" />`;
  if (store.ids.value.length) return html`<${Rows} store=${store} feed=${feed} />`;
  if (isFiltered(filter))
    return html`<${Blank} title="No run matches"><p class="muted">
      Choose another state or search for something else.
      New runs that match appear here by themselves.</p><//>`;
  return html`<${FirstRun} />`;
}

/** @param {{store: ListStore, feed: ListFeed}} props */
function Rows({ store, feed }) {
  const [ids, held, release] = useHeld(store);
  const paused = store.paused.value;
  const more = { class: `rows runs ${paused ? "rows-paused" : ""}` };
  const row = (/** @type {string} */ id, /** @type {number} */ index) =>
    rowOf(store, id, index, ids.length);
  return html`
    <${Pill} store=${store} feed=${feed} held=${held} release=${release} />
    <${Still} when=${paused}>
      <div class="card list-card">
        <${VirtualList} items=${ids} role="list" label="Runs" more=${more} row=${row} />
      </div>
    <//>
    <${Older} store=${store} feed=${feed} />`;
}

/**
 * What waits above the rows: runs newer than those that are read, or all news of a paused list.
 * @param {{store: ListStore, feed: ListFeed, held: number, release: () => void}} props
 */
function Pill({ store, feed, held, release }) {
  const paused = store.paused.value;
  const waiting = held + store.waiting.value;
  if (!paused && !held) return null;
  const act = () => {
    if (paused) feed.resume();
    release();
  };
  const words = waiting ? plural(waiting, "new run") : "";
  return html`<button type="button" class="button new-runs" onClick=${act}>
    ${paused ? ["Paused", words, "go on"].filter(Boolean).join(" · ") : words}</button>`;
}

/** @param {ListStore} store @param {string} id @param {number} index @param {number} count */
function rowOf(store, id, index, count) {
  const run = store.runs.get(id);
  return run ? html`<${RunRow} key=${id} run=${run} index=${index} count=${count} />` : null;
}

/**
 * The ids to draw: while somebody reads further down, runs newer than the first row wait.
 * @param {ListStore} store @returns {[string[], number, () => void]}
 */
function useHeld(store) {
  const [released, setReleased] = useState(0);
  const top = useMemo(() => ({ createdAt: Infinity }), []);
  const ids = store.ids.value;
  const createdAt = (/** @type {string} */ id) => store.runs.get(id)?.peek().created_at ?? 0;
  if (scrollY < READING_BELOW) top.createdAt = createdAt(ids[0]);
  const first = ids.findIndex((id) => createdAt(id) <= top.createdAt);
  const release = () => {
    top.createdAt = Infinity;
    scrollTo({ top: 0 });
    setReleased(released + 1);
  };
  return first > 0 ? [ids.slice(first), first, release] : [ids, 0, release];
}

/** @param {{store: ListStore, feed: ListFeed}} props */
function Older({ store, feed }) {
  const [reading, setReading] = useState(false);
  const [problem, setProblem] = useState("");
  if (store.next.value === null) return null;
  const read = async () => {
    setReading(true);
    setProblem("");
    await feed.older().catch((error) => setProblem(error.message));
    setReading(false);
  };
  return html`<div class="more">
    <button type="button" class="button" disabled=${reading} onClick=${read}>
      ${reading ? "Reading…" : "Older runs"}</button>
    <${ProblemNote} text=${problem} />
  </div>`;
}
