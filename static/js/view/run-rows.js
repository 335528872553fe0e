/** The rows of the list: only those in sight are drawn, and news never moves what is read. */

import { html } from "htm/preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { MOST_ROWS } from "../live/list-store.js";
import { formatCount, plural } from "../model/format.js";
import { ProblemNote } from "./blank.js";
import { PickAllBox } from "./pick-box.js";
import { RunRow } from "./run-row.js";
import { Still } from "./still.js";
import { VirtualList } from "./virtual-list.js";

/** @typedef {import("../live/list-store.js").ListStore} ListStore */
/** @typedef {import("../live/list-feed.js").ListFeed} ListFeed */

/**
 * @typedef {object} RunRowsProps
 * @property {ListStore} store
 * @property {ListFeed} feed
 * @property {import("../live/parents.js").Parents} parents
 * @property {import("../live/selection.js").Selection|null} selection
 */

/** Scrolled down this far (px), new runs wait behind a button instead of moving what is read. */
const READING_BELOW = 120;

/** So far from the end (px) the next page is read. */
const NEAR = { rootMargin: "1200px" };

/** @param {RunRowsProps} props */
export function RunRows({ store, feed, parents, selection }) {
  const [ids, held, release] = useHeld(store);
  const paused = store.paused.value;
  const more = { class: `rows runs ${paused ? "rows-paused" : ""}` };
  const row = (/** @type {string} */ id, /** @type {number} */ index) => {
    const run = store.runs.get(id);
    return run
      ? html`<${RunRow} key=${id} run=${run} index=${index} count=${ids.length} parents=${parents}
          selection=${selection} />`
      : null;
  };
  return html`
    <${Pill} store=${store} feed=${feed} held=${held} release=${release} />
    <${Still} when=${paused}>
      <div class="card list-card" onPointerMove=${() => feed.hold()}>
        <${Heads} selection=${selection} />
        <${VirtualList} items=${ids} role="list" label="Runs" more=${more} row=${row} />
      </div>
    <//>
    <${Older} store=${store} feed=${feed} />`;
}

/**
 * What the columns are, for the eye: each cell says it to others by itself.
 * @param {{selection: RunRowsProps["selection"]}} props
 */
function Heads({ selection }) {
  return html`<div class="row-frame list-heads">
    ${selection ? html`<${PickAllBox} selection=${selection} />` : null}
    <div class="row run-row" aria-hidden="true">
      <span class="cell-state">State</span><span class="cell-what">Run</span>
      <span class="cell-bar">Progress</span><span class="cell-steps">Steps</span>
      <span class="cell-message">Message</span><span class="cell-elapsed">Took</span>
      <span class="cell-ago">Created</span><span class="cell-id">Id</span>
    </div>
  </div>`;
}

/**
 * What waits above the rows: runs newer than those that are read or pointed at, or all news of a
 * paused list.
 * @param {{store: ListStore, feed: ListFeed, held: number, release: () => void}} props
 */
function Pill({ store, feed, held, release }) {
  const paused = store.paused.value;
  const waiting = held + store.waiting.value;
  if (!paused && !waiting) return null;
  const act = () => {
    if (paused) feed.resume();
    else feed.letGo();
    release();
  };
  const words = waiting ? plural(waiting, "new run") : "";
  return html`<div class="new-runs"><button type="button" class="button" onClick=${act}>
    ${paused ? ["Paused", words, "go on"].filter(Boolean).join(" · ") : words}</button></div>`;
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

/**
 * Older runs are read as soon as the end of the list comes near; the button is for who reads
 * without scrolling, and for a second try.
 * @param {{store: ListStore, feed: ListFeed}} props
 */
function Older({ store, feed }) {
  const end = useRef(/** @type {HTMLElement|null} */ (null));
  const [reading, setReading] = useState(false);
  const [problem, setProblem] = useState("");
  const next = store.next.value;
  const isFull = store.ids.value.length >= MOST_ROWS;
  const read = async () => {
    setReading(true);
    setProblem("");
    await feed.older().catch((error) => setProblem(error.message));
    setReading(false);
  };
  useEffect(() => {
    if (!end.current || next === null || isFull) return undefined;
    const near = new IntersectionObserver(([seen]) => seen.isIntersecting && read(), NEAR);
    near.observe(end.current);
    return () => near.disconnect();
  }, [next, isFull]);
  if (next === null) return null;
  if (isFull)
    return html`<p class="more muted">These are the newest ${formatCount(MOST_ROWS)}.
      Narrow the list for older ones.</p>`;
  return html`<div class="more" ref=${end}>
    <button type="button" class="button" disabled=${reading} onClick=${read}>
      ${reading ? "Reading…" : "Older runs"}</button>
    <${ProblemNote} text=${problem} />
  </div>`;
}
