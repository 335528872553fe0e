/** One task in the tree. */

import { html } from "htm/preact";
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
        ${name === shortName(node.name) ? null : html`<span class="muted small clip name-task">
          ${shortName(node.name)}</span>`}
        ${isWaiting(node) ? html`<span class="waiting small clip name-waiting"
          title=${node.waiting}>${node.waiting}</span>` : null}</span>
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
