/** The page of one run. */

import { effect, signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useMemo } from "preact/hooks";
import { RunFeed } from "../live/run-feed.js";
import { RunStore } from "../live/run-store.js";
import { StateNews } from "../live/state-news.js";
import { knownCompletion, plural, shortId, shortName } from "../model/format.js";
import { ancestors } from "../model/paths.js";
import { isFinal, stateTone, stateWord } from "../model/states.js";
import { firstFailure } from "../model/tree.js";
import { Blank, Loading } from "../view/blank.js";
import { MissingNodes } from "../view/missing-nodes.js";
import { NodeDetails } from "../view/node-details.js";
import { RunHead } from "../view/run-head.js";
import { RunOverview } from "../view/run-overview.js";
import { useServices } from "../view/services.js";
import { Tree } from "../view/tree.js";

/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("@preact/signals").Signal<string|null>} Selected */

/** @param {{runId: string, nodePath: string|null}} props */
export function RunPage({ runId, nodePath }) {
  const services = useServices();
  const store = useMemo(() => new RunStore(), [runId]);
  const selected = useMemo(() => signal(nodePath), [runId]);
  useEffect(() => follow(runId, services, store, selected), [runId]);
  if (store.gone.value) return html`<${Gone} runId=${runId} />`;
  if (store.refused.value)
    return html`<${Blank} title="This run cannot be shown"><p class="muted">
      ${store.refused.value.message}</p><//>`;
  if (!store.run.value) return html`<${Loading} label="Reading the run" />`;
  return html`<${Shown} runId=${runId} store=${store} selected=${selected} />`;
}

/**
 * Everything that lives as long as the page shows this run.
 * @param {string} runId
 * @param {import("../view/services.js").Services} services
 * @param {RunStore} store
 * @param {Selected} selected
 */
function follow(runId, services, store, selected) {
  const parts = [new RunFeed(runId, services, store), new StateNews(store, services.announcer)];
  for (const part of parts) part.connect();
  const stopTab = effect(() => showInTab(store.run.value, services.tab));
  const stopArrival = openFailureOnArrival(store, selected);
  return () => {
    stopArrival();
    stopTab();
    for (const part of parts) part.disconnect();
  };
}

/** @param {Run|null} run @param {import("../live/tab-face.js").TabFace} tab */
function showInTab(run, tab) {
  if (!run) return;
  const known = knownCompletion(run);
  const moving = run.state === "PROGRESS" || run.state === "STARTED";
  const state = moving && known !== null ? `${Math.floor(known)} %` : stateWord(run.state);
  tab.show(`${state} · ${run.label || shortName(run.name)} · Inception`, stateTone(run.state));
}

/**
 * Who arrives at a failed run wants to see the failure.
 * @param {RunStore} store
 * @param {Selected} selected
 */
function openFailureOnArrival(store, selected) {
  let arrived = false;
  return effect(() => {
    const run = store.run.value;
    if (!run || arrived) return;
    arrived = true;
    const open = selected.peek();
    if (open !== null) for (const path of ancestors(open)) store.setOpen(path, true);
    else if (run.state === "FAILURE")
      selected.value = firstFailure([...store.nodes.values()].map((node) => node.peek()));
  });
}

/** @param {{runId: string, store: RunStore, selected: Selected}} props */
function Shown({ runId, store, selected }) {
  const choose = (/** @type {string|null} */ path) => {
    selected.value = path;
    history.replaceState(
      null,
      "",
      path === null ? location.pathname : `${location.pathname}?node=${path}`,
    );
  };
  useEscape(() => choose(null));
  return html`
    <${RunHead} store=${store} />
    <div class=${`run-columns ${selected.value === null ? "" : "run-columns-chosen"}`}>
      <section class="card tree-card" aria-label="Tasks">
        <${TreeHead} store=${store} />
        <${TreeOrWord} store=${store} selected=${selected} select=${choose} />
        <${MissingNodes} store=${store} runId=${runId} />
      </section>
      ${
        selected.value === null
          ? html`<${RunOverview} store=${store} />`
          : html`<${NodeDetails} key=${selected.value} store=${store} runId=${runId}
            path=${selected.value} onClose=${() => choose(null)} />`
      }
    </div>`;
}

/** @param {{store: RunStore}} props */
function TreeHead({ store }) {
  const paths = store.paths.value;
  const nested = paths.some((path) => path.includes("."));
  const folded = store.folded.value.size > 0;
  return html`<header class="tree-head">
    <h2>Tasks</h2><span class="muted small">
      ${paths.length ? plural(paths.length, "task") : ""}</span>
    ${nested ? html`<button type="button" class="link small"
      onClick=${() => store.setAllOpen(folded)}>
      ${folded ? "Unfold all" : "Fold all"}</button>` : null}
  </header>`;
}

/** @param {{store: RunStore, selected: Selected, select: (path: string) => void}} props */
function TreeOrWord({ store, selected, select }) {
  if (store.paths.value.length)
    return html`<${Tree} store=${store} selected=${selected} select=${select} />`;
  const run = store.run.value;
  const words =
    run && isFinal(run.state)
      ? "It started no tasks."
      : run?.state === "PENDING"
        ? "Waiting for a watcher to take the run in."
        : "No tasks yet.";
  return html`<p class="tree-empty muted">${words}</p>`;
}

/** @param {() => void} act */
function useEscape(act) {
  useEffect(() => {
    const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) act();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

/** @param {{runId: string}} props */
function Gone({ runId }) {
  return html`<${Blank} title="There is no such run">
    <p class="muted">Run <span class="mono">
      ${shortId(runId)}</span> was deleted, has expired or never was.</p>
    <p><a class="button" href="/">All runs</a></p>
  <//>`;
}
