/** The panels that a task's details and a run's have in common. */

import { html } from "htm/preact";
import { elapsed } from "../model/format.js";
import { openTab as tabToShow, TAB_WORDS, tabsOf } from "../model/details.js";
import { isFinal, tellingError } from "../model/states.js";
import { NodeLog } from "./node-log.js";
import { StateBadge } from "./state-badge.js";
import { Tabs } from "./tabs.js";
import { JsonBlock, TextBlock } from "./text-block.js";

/** @typedef {import("../model/details.js").Detailed} Detailed */
/** @typedef {import("../model/types.js").Attempt} Attempt */

/**
 * @typedef {object} PanelsProps
 * @property {string} runId
 * @property {string} path  "" is the run itself
 * @property {Detailed & {attempt?: number}} record
 * @property {boolean} reading  its large fields are on their way
 * @property {string} tab  as asked for
 * @property {(tab: string) => void} openTab
 * @property {unknown} overview
 */

/** @param {PanelsProps} props */
export function DetailPanels({ runId, path, record, reading, tab, openTab, overview }) {
  const shown = tabToShow(record, tab);
  return html`<${Tabs} label="Details" keys=${tabsOf(record)} words=${TAB_WORDS} open=${shown}
    choose=${openTab}>
    ${
      shown === "overview"
        ? overview
        : shown === "log"
          ? html`<${NodeLog} key=${`${path}:${record.attempt ?? 1}`} runId=${runId} path=${path}
            ended=${isFinal(record.state)} />`
          : html`<${Panel} shown=${shown} record=${record} />`
    }
    ${reading ? html`<p class="muted small">Reading the rest…</p>` : null}
  <//>`;
}

/** @param {{shown: string, record: Detailed}} props */
function Panel({ shown, record }) {
  switch (shown) {
    case "error":
      return html`<${ErrorText} record=${record} />
        ${record.traceback ? html`<${TextBlock} title="Traceback"
          text=${record.traceback} />` : null}`;
    case "value":
      return html`<${Value} value=${record.value} />`;
    case "arguments":
      return html`<${Arguments} args=${record.args} kwargs=${record.kwargs} />`;
    default:
      return html`<${Attempts} attempts=${/** @type {Attempt[]} */ (record.attempts ?? [])} />`;
  }
}

/** @param {{record: Detailed}} props */
export function ErrorText({ record }) {
  const error = tellingError(record);
  return error ? html`<${TextBlock} title="Error" text=${error} tone="failure" />` : null;
}

/** @param {{value: unknown}} props */
export function Value({ value }) {
  return (value ?? null) === null ? null : html`<${JsonBlock} title="Value" value=${value} />`;
}

/** @param {{args?: unknown[]|null, kwargs: Record<string, unknown>|null}} props */
export function Arguments({ args, kwargs }) {
  const named = kwargs && Object.keys(kwargs).length > 0;
  if (!args?.length && !named) return null;
  const value = args?.length ? (named ? { args, kwargs } : args) : kwargs;
  return html`<${JsonBlock} title="Arguments" value=${value} />`;
}

/** @param {{attempts: Attempt[]}} props */
function Attempts({ attempts }) {
  return html`<section class="block">
    <header class="block-head"><h3>Earlier attempts</h3></header>
    <ol class="attempts">${attempts.map(
      (attempt) => html`<li key=${attempt.attempt} value=${attempt.attempt}>
      <${StateBadge} state=${attempt.state} /> <span class="tabular">
        ${elapsed(attempt, attempt.finalized_at ?? 0)}</span>
      <span class="mono small muted wrap">${attempt.worker}</span>
      ${attempt.error ? html`<p class="small tone-failure wrap">${attempt.error}</p>` : null}
    </li>`,
    )}</ol>
  </section>`;
}
