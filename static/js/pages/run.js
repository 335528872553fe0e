/** The page of one run. */

import { effect, signal, useComputed } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";
import { Arrival } from "../live/arrival.js";
import { History } from "../live/history.js";
import { MissingNodes } from "../live/missing-nodes.js";
import { StateNews } from "../live/state-news.js";
import { stillnessOf } from "../live/stillness.js";
import { Timeline } from "../live/timeline.js";
import { knownCompletion, shortId, shortName } from "../model/format.js";
import { ancestors } from "../model/paths.js";
import { readPlace, writePlace } from "../model/run-place.js";
import { stateTone, stateWord } from "../model/states.js";
import { Blank, Loading } from "../view/blank.js";
import { later } from "../view/later.js";
import { focusOn, revealRow } from "../view/row-focus.js";
import { RunHead } from "../view/run-head.js";
import { useServices, useShortcuts } from "../view/services.js";
import { TreeCard } from "../view/tree-card.js";

/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../live/run-store.js").RunStore} RunStore */
/** @typedef {import("@preact/signals").Signal<string|null>} Selected */

/**
 * What the page shows of the run: its records, the stretch of time, the open task and its tab.
 * @typedef {object} View
 * @property {RunStore} store
 * @property {MissingNodes} missing
 * @property {Timeline} timeline
 * @property {History} history
 * @property {import("@preact/signals").ReadonlySignal<string>} still  why nothing of it moves, or ""
 * @property {Selected} selected
 * @property {import("@preact/signals").Signal<string>} tab  "" is the one that suits the task
 */

const NodeDetails = later(() => import("../view/node-details.js").then((m) => m.NodeDetails));
const RunDetails = later(() => import("../view/run-details.js").then((m) => m.RunDetails));

/** @param {{runId: string, nodePath: string|null, store: RunStore}} props */
export function RunPage({ runId, nodePath, store }) {
  const services = useServices();
  const view = useMemo(() => viewOf(runId, nodePath, store, services), [store]);
  // Before it is painted: a task that opens by itself is part of the first view.
  useLayoutEffect(() => follow(services, view), [view]);
  if (store.gone.value) return html`<${Gone} runId=${runId} />`;
  if (store.refused.value)
    return html`<${Blank} title="This run cannot be shown" alone=${true}><p class="muted">
      ${store.refused.value.message}</p><//>`;
  if (!store.run.value)
    return html`<h1 class="sr-only">Run ${shortId(runId)}</h1><${Loading}
      label="Reading the run" />`;
  return html`<${Shown} runId=${runId} view=${view} />`;
}

/**
 * @param {string} runId @param {string|null} nodePath @param {RunStore} store
 * @param {import("../view/services.js").Services} services
 * @returns {View}
 */
function viewOf(runId, nodePath, store, services) {
  const { tab } = readPlace(location.search);
  return {
    store,
    missing: new MissingNodes(runId, services, store),
    timeline: new Timeline(store, services.clock),
    history: new History(services, store),
    still: stillnessOf(store),
    selected: signal(nodePath),
    tab: signal(tab),
  };
}

/**
 * Everything else that lives as long as the page shows this run.
 * @param {import("../view/services.js").Services} services
 * @param {View} view
 */
function follow(services, { store, missing, timeline, history, selected }) {
  const news = new StateNews(store, services.announcer);
  const arrival = new Arrival(store, missing, selected, revealRow);
  const parts = [news, timeline, history, arrival];
  for (const part of parts) part.connect();
  const stopTab = effect(() =>
    store.gone.value
      ? services.tab.show("No such run · Inception", "pending")
      : showInTab(store.run.value, services.tab),
  );
  const stopReading = effect(() => readChosen(store, missing, selected));
  return () => {
    stopReading();
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
 * Who comes for a task that the snapshot left out is shown it all the same.
 * @param {RunStore} store @param {MissingNodes} missing @param {Selected} selected
 */
function readChosen(store, missing, selected) {
  const path = selected.value;
  if (path !== null && store.lacking.value.size) void missing.readOne(path);
}

/** @param {{runId: string, view: View}} props */
function Shown({ runId, view }) {
  const { store, missing, timeline, selected, tab } = view;
  const isStill = useComputed(() => view.still.value !== "");
  const show = (/** @type {string|null} */ path, /** @type {string} */ name) => {
    selected.value = path;
    tab.value = name;
    history.replaceState(null, "", location.pathname + writePlace({ node: path, tab: name }));
  };
  const choose = (/** @type {string|null} */ path) => show(path, "");
  const openTab = (/** @type {string} */ name) => show(selected.peek(), name);
  const close = () => {
    const path = selected.peek();
    if (path === null) return;
    choose(null);
    focusOn(`[data-path="${CSS.escape(path)}"]`);
  };
  useEscape(close);
  const goToFailure = () => void showFailure(store, missing, selected, choose);
  useShortcuts(keysOf(view, goToFailure));
  return html`
    <${RunHead} store=${store} history=${view.history} still=${view.still}
      goToFailure=${goToFailure} />
    <div class=${`run-columns ${selected.value === null ? "" : "run-columns-chosen"}`}
      data-still=${isStill.value}>
      <${TreeCard} store=${store} missing=${missing} timeline=${timeline} selected=${selected}
        select=${choose} />
      ${
        selected.value === null
          ? html`<${RunDetails} store=${store} tab=${tab.value} openTab=${openTab} />`
          : html`<${NodeDetails} key=${selected.value} store=${store} runId=${runId}
            path=${selected.value} tab=${tab.value} openTab=${openTab}
            onClose=${close} />`
      }
    </div>`;
}

/**
 * Open the next failed task, bring its row into sight and the focus to it.
 * @param {RunStore} store @param {MissingNodes} missing @param {Selected} selected
 * @param {(path: string) => void} choose
 */
async function showFailure(store, missing, selected, choose) {
  const path = await missing.nextFailure(selected.peek());
  if (path === null) return;
  for (const above of ancestors(path)) store.setOpen(above, true);
  choose(path);
  const index = store.rows.peek().findIndex((row) => row.path === path);
  await revealRow(path, index);
  focusOn(`[data-path="${CSS.escape(path)}"]`);
}

/** @param {View} view @param {() => void} goToFailure */
function keysOf({ store, timeline }, goToFailure) {
  return [
    { key: "n", does: "Next failed task", act: goToFailure },
    { key: "+", does: "Timeline: zoom in", act: () => timeline.zoom(2) },
    { key: "-", does: "Timeline: zoom out", act: () => timeline.zoom(1 / 2) },
    { key: "0", does: "Timeline: the whole run", act: () => timeline.showWhole() },
    { key: "e", does: "Unfold all tasks", act: () => store.setAllOpen(true) },
    { key: "f", does: "Fold all tasks", act: () => store.setAllOpen(false) },
  ];
}

/** A search that holds words is emptied by that key first. @param {() => void} act */
function useEscape(act) {
  useEffect(() => {
    const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
      const { target } = event;
      const empties = target instanceof HTMLInputElement && target.type === "search" && target.value;
      if (event.key === "Escape" && !empties && !document.querySelector("dialog[open]")) act();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

/** @param {{runId: string}} props */
function Gone({ runId }) {
  return html`<${Blank} title="There is no such run" alone=${true}>
    <p class="muted">Run <span class="mono">
      ${shortId(runId)}</span> was deleted, has expired or never was.</p>
    <p><a class="button" href="/">All runs</a></p>
  <//>`;
}
