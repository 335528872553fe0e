/** The first-run page: nothing to list yet, and one click to change that. */

import { html } from "htm/preact";
import { newKey } from "../client/idempotency.js";
import { Blank, ProblemNote } from "./blank.js";
import { leaveFor, useDeed } from "./deed.js";
import { useServices } from "./services.js";

const EXAMPLE = { name: "tasks.examples.counting.count_twice", kwargs: { limit: 10, delay: 1 } };

export function FirstRun() {
  const { api, mayAct } = useServices();
  const { busy, problem, attempt } = useDeed();
  const start = () =>
    attempt(async () => leaveFor(`/runs/${(await api.start(EXAMPLE, newKey())).id}`));
  return html`<${Blank} title="No runs yet">
    <p class="muted">A run is a parent task with everything it starts.
      Try one: <code>count_twice</code> counts to ten, then counts again from what came back.</p>
    ${
      mayAct
        ? html`<div class="actions actions-centre">
      <button type="button" class="button primary" disabled=${busy} onClick=${start}>
        ${busy ? "Starting…" : "Start the example"}</button>
      <a class="button" href="/start">Choose a parent</a>
    </div>`
        : null
    }
    <${ProblemNote} text=${problem} />
  <//>`;
}
