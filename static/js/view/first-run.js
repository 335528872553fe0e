/** The first-run page: nothing to list yet, and one click to change that. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { newKey } from "../client/idempotency.js";
import { Blank, ProblemNote } from "./blank.js";
import { useServices } from "./services.js";

const EXAMPLE = { name: "tasks.examples.counting.count_twice", kwargs: { limit: 10, delay: 1 } };

export function FirstRun() {
  const { api, mayAct } = useServices();
  const [starting, setStarting] = useState(false);
  const [problem, setProblem] = useState("");
  const start = async () => {
    setStarting(true);
    setProblem("");
    try {
      location.assign(`/runs/${(await api.start(EXAMPLE, newKey())).id}`);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setStarting(false);
    }
  };
  return html`<${Blank} title="No runs yet">
    <p class="muted">A run is a parent task with everything it starts.
      Try one: <code>count_twice</code> counts to ten, then counts again from what came back.</p>
    ${
      mayAct
        ? html`<div class="actions actions-centre">
      <button type="button" class="button primary" disabled=${starting} onClick=${start}>
        ${starting ? "Starting…" : "Start the example"}</button>
      <a class="button" href="/start">Choose a parent</a>
    </div>`
        : null
    }
    <${ProblemNote} text=${problem} />
  <//>`;
}
