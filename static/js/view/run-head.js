/** The top of a run's page: what it is, where it stands, what can be done. */

import { html } from "htm/preact";
import {
  formatLeft,
  iterations,
  knownCompletion,
  moduleName,
  shortId,
  shortName,
} from "../model/format.js";
import { NO_FILTER, writeFilter } from "../model/run-list.js";
import { briefError, isFinal, revokeWords, stateTone } from "../model/states.js";
import { CopyButton } from "./copy-button.js";
import { Dotted } from "./dotted.js";
import { Ago, Elapsed } from "./elapsed.js";
import { later } from "./later.js";
import { ProgressBar } from "./progress-bar.js";
import { RunActions } from "./run-actions.js";
import { StateBadge } from "./state-badge.js";
import { StateSummary } from "./state-summary.js";

/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../live/history.js").History} History */

/**
 * @typedef {object} RunHeadProps
 * @property {import("../live/run-store.js").RunStore} store
 * @property {History} history
 * @property {import("@preact/signals").ReadonlySignal<string>} still  why nothing of it moves, or ""
 * @property {() => void} goToFailure
 */

/** States of a run that waits for its own turn, not for those of its tasks. */
const IN_LINE = ["PENDING", "RETRY"];

const FleetNote = later(() => import("./fleet-note.js").then((m) => m.FleetNote));

/** @param {RunHeadProps} props */
export function RunHead({ store, history, still, goToFailure }) {
  const run = store.run.value;
  if (!run) return null;
  return html`<header class="run-head card">
    <div class="run-head-top">
      <div class="run-names">
        <h1 title=${run.label}>
          ${run.label || html`<${Dotted} name=${shortName(run.name)} />`}</h1>
        <p class="muted mono small wrap"><${Dotted}
          name=${run.label ? run.name : moduleName(run.name)} /></p>
      </div>
      <${RunActions} run=${run} store=${store} />
    </div>
    <div class="run-line">
      <${StateBadge} state=${run.state} large=${true} />
      <${ProgressBar} record=${run} label="Progress of the run" large=${true}
        still=${still.value} />
      <span class="percent">${percent(run)}</span>
    </div>
    <${Message} run=${run} still=${still.value} />
    <${StateSummary} counts=${run.counts} goToFailure=${goToFailure} />
    <ul class="run-facts muted small">
      <li><${Elapsed} record=${run} /> elapsed</li>
      <${Left} history=${history} />
      <li>created <${Ago} at=${run.created_at} /></li>
      <li class="mono">${shortId(run.id)} <${CopyButton} text=${run.id} what="run id" /></li>
      ${run.rerun_of ? html`<li>rerun of <a href=${`/runs/${run.rerun_of}`} class="mono">
        ${shortId(run.rerun_of)}</a></li>` : null}
      ${run.tags.length ? html`<li class="run-tags">${run.tags.map((tag) => html`<a key=${tag}
        class="tag" href=${`/${writeFilter({ ...NO_FILTER, q: tag })}`}
        title="Runs with this tag">${tag}</a>`)}</li>` : null}
    </ul>
  </header>`;
}

/** What it will still take, where that is not made up. @param {{history: History}} props */
function Left({ history }) {
  const left = history.left.value;
  if (left === null) return null;
  const words = left > 0 ? `${formatLeft(left)} left` : "taking longer than runs before";
  return html`<li class="left" title="From this run's pace and how its parent's latest runs went">
    ${words}</li>`;
}

/** @param {Run} run */
function percent(run) {
  const known = knownCompletion(run);
  return known === null ? "" : `${Math.floor(known)} %`;
}

/**
 * Its line is kept while words may still come; a long error stands whole in the details.
 * @param {{run: Run, still: string}} props
 */
function Message({ run, still }) {
  const { words, tone, steps } = message(run, still);
  if (!words && !steps && isFinal(run.state)) return null;
  return html`<p class="run-message"><span class=${`wrap ${tone}`} key=${tone}>${words}</span> ${
    steps ? html`<span class="muted tabular">${steps}</span>` : null
  }${still && !IN_LINE.includes(run.state) ? html` <${FleetNote} />` : null}</p>`;
}

/** @param {Run} run @param {string} still */
function message({ state, meta, revoke }, still) {
  if (revoke) return { words: revokeWords(state, revoke), tone: `tone-${stateTone(state)}` };
  if (meta.error && isFinal(state)) return { words: briefError(meta.error), tone: "tone-failure" };
  if (still && !meta.message)
    return { words: still, tone: "muted late", steps: iterations(meta) };
  return { words: meta.message, tone: isFinal(state) ? "muted" : "", steps: iterations(meta) };
}
