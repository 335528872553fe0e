/** One task in the tree. */

import { html } from "htm/preact";
import { briefCall } from "../model/arguments.js";
import { briefIterations, formatCount, shortName } from "../model/format.js";
import { briefError, isFinal, stateTone, tellingError } from "../model/states.js";
import { Elapsed } from "./elapsed.js";
import { Icon } from "./icons.js";
import { Lane } from "./lane.js";
import { ProgressBar } from "./progress-bar.js";
import { StateBadge } from "./state-badge.js";

/** @typedef {import("../model/types.js").Node} Node */
/** @typedef {import("../live/run-store.js").RunStore} RunStore */

/**
 * @typedef {object} TreeRowProps
 * @property {import("../model/tree.js").Row} row
 * @property {number} index
 * @property {RunStore} store
 * @property {import("../live/timeline.js").Timeline|null} timeline  null: no lane is drawn
 * @property {boolean} selected
 * @property {boolean} tabbable
 * @property {(path: string) => void} select
 */

/** @param {TreeRowProps} props */
export function TreeRow({ row, index, store, timeline, selected, tabbable, select }) {
  const node = store.nodes.get(row.path)?.value;
  if (!node) return null;
  const name = store.nameOf(node);
  return html`<div class="row tree-row" role="row" data-path=${row.path} data-state=${node.state}
    tabindex=${tabbable ? 0 : -1}
      aria-rowindex=${index + 1} aria-level=${row.level} aria-posinset=${row.position}
      aria-setsize=${row.siblings}
      aria-expanded=${row.children ? row.open : undefined} aria-selected=${selected}
      onClick=${() => select(row.path)}>
    <div class="cell-name" role="gridcell" style=${{ "--level": row.level }}>
      <${Fold} row=${row} store=${store} />
      <span class="names"><span class="name clip" title=${node.name}>${name}</span>
        <${NameCall} node=${node} name=${name} />
        <${NameNote} node=${node} /></span>
      ${node.attempt > 1 ? html`<span class="attempt small" title=${`Attempt ${node.attempt}`}
        ><${Icon} shape="retry" />${node.attempt}</span>` : null}
      ${row.children && !row.open ? html`<span class="fold-count">
        ${formatCount(row.children)}</span>` : null}
    </div>
    <div class="cell-state" role="gridcell"><${StateBadge} state=${node.state} /></div>
    <div class="cell-bar" role="gridcell"><${ProgressBar} record=${node}
      label=${`Progress of ${name} ${row.path}`} /></div>
    <div class="cell-steps tabular muted" role="gridcell">${briefIterations(node.meta)}</div>
    <div class="cell-message clip" role="gridcell"><${RowMessage} node=${node} /></div>
    <div class="cell-elapsed tabular" role="gridcell"><${Elapsed} record=${node} /></div>
    <div class="cell-where muted small clip" role="gridcell" title=${node.worker ?? ""}>
      ${workerName(node.worker)}</div>
    ${timeline ? html`<div class="cell-lane" role="gridcell"><${Lane} node=${node}
      timeline=${timeline} /></div>` : null}
  </div>`;
}

/** @param {{row: import("../model/tree.js").Row, store: RunStore}} props */
function Fold({ row, store }) {
  if (!row.children) return html`<span class="fold"></span>`;
  const toggle = (/** @type {MouseEvent} */ event) => {
    event.stopPropagation();
    store.setOpen(row.path, !row.open);
  };
  return html`<button type="button" class=${`fold ${row.open ? "fold-open" : ""}`} tabindex="-1"
    onClick=${toggle}
    aria-label=${row.open ? "Fold" : "Unfold"}><${Icon} shape="chevron" /></button>`;
}

/** @param {Node} node */
const isWaiting = ({ waiting, state }) => waiting && !isFinal(state);

/**
 * What a label stands for; without one, what tells the task from others of that name.
 * @param {{node: Node, name: string}} props
 */
function NameCall({ node, name }) {
  const task = shortName(node.name);
  if (name !== task) return html`<span class="muted small clip name-task">${task}</span>`;
  const given = briefCall(node);
  if (!given) return null;
  const yields = tellingError(node) || isWaiting(node) ? "name-yields" : "";
  return html`<span class=${`muted small mono clip name-call ${yields}`}
    title=${given}>${given}</span>`;
}

/** Where there is no room for messages, what has to be known. @param {{node: Node}} props */
function NameNote({ node }) {
  const error = tellingError(node);
  const words = error ? briefError(error) : isWaiting(node) ? node.waiting : nowDoing(node);
  if (!words) return null;
  const tone = error ? `tone-${stateTone(node.state)}` : isWaiting(node) ? "waiting" : "muted";
  return html`<span class=${`small clip name-note ${tone}`}
    title=${error ?? words}>${words}</span>`;
}

/** @param {Node} node */
const nowDoing = ({ state, meta }) => (isFinal(state) ? "" : meta.message);

/** @param {{node: Node}} props */
function RowMessage({ node }) {
  const error = tellingError(node);
  if (error)
    return html`<span class=${`tone-${stateTone(node.state)}`} title=${error}>
      ${briefError(error)}</span>`;
  if (isWaiting(node))
    return html`<span class="muted" title=${node.waiting}>${node.waiting}</span>`;
  return html`<span title=${node.meta.message}>${node.meta.message}</span>`;
}

/**
 * Host and name say enough, without the random word of that start; the whole stands in the details.
 * @param {string|null} worker
 */
const workerName = (worker) => (worker ? worker.split(":").slice(0, 2).join(":") : "");
