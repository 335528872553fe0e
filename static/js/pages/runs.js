/** The list of runs, newest first, live. */

import { effect, signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { ListFeed } from "../live/list-feed.js";
import { ListStore } from "../live/list-store.js";
import { plural } from "../model/format.js";
import { readFilter, writeFilter } from "../model/run-list.js";
import { Blank, Loading, ProblemNote } from "../view/blank.js";
import { FirstRun } from "../view/first-run.js";
import { RunFilters } from "../view/run-filters.js";
import { RunRow } from "../view/run-row.js";
import { useServices } from "../view/services.js";
import { VirtualList } from "../view/virtual-list.js";

/** @typedef {import("../model/run-list.js").Filter} Filter */

/** Scrolled down this far (px), new runs wait behind a button instead of moving what is read. */
const READING_BELOW = 120;

export function RunsPage() {
  const services = useServices();
  const store = useMemo(() => new ListStore(), []);
  const feed = useMemo(() => new ListFeed(services, store), []);
  const filter = useMemo(() => signal(readFilter(location.search)), []);
  useEffect(() => {
    feed.setFilter(filter.peek());
    feed.connect();
    const stopTab = effect(() => showInTab(store.active.value, services.tab));
    return () => {
      stopTab();
      feed.disconnect();
    };
  }, []);
  const change = (/** @type {Filter} */ next) => {
    filter.value = next;
    history.replaceState(null, "", `/${writeFilter(next)}`);
    feed.setFilter(next);
  };
  return html`<${RunFilters} filter=${filter.value} change=${change} /><${Listed} store=${store}
    feed=${feed} filter=${filter.value} />`;
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
  if (filter.state || filter.q)
    return html`<${Blank} title="No run matches"><p
      class="muted">Choose another state or search for something else. New runs that match appear here by themselves.</p>
      <//>`;
  return html`<${FirstRun} />`;
}

/** @param {{store: ListStore, feed: ListFeed}} props */
function Rows({ store, feed }) {
  const [ids, held, release] = useHeld(store);
  return html`
    ${held ? html`<button type="button" class="button new-runs" onClick=${release}>
      ${plural(held, "new run")}</button>` : null}
    <div class="card list-card">
      <${VirtualList} items=${ids} role="list" label="Runs" more=${{ class: "rows runs" }}
        row=${(/** @type {string} */ id, /** @type {number} */ index) => rowOf(store, id, index, ids.length)} />
    </div>
    <${Older} store=${store} feed=${feed} />`;
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
