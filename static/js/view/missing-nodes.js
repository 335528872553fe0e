/** A very large run's snapshot holds each parent with its first children; this reads the rest. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { ProblemNote } from "./blank.js";
import { useServices } from "./services.js";

/** Pages read at one click; each holds as many nodes as the server gives. */
const MOST_PAGES = 100;

/** @param {{store: import("../live/run-store.js").RunStore, runId: string}} props */
export function MissingNodes({ store, runId }) {
  const { api } = useServices();
  const [reading, setReading] = useState(false);
  const [problem, setProblem] = useState("");
  if (store.complete.value) return null;
  const read = async () => {
    setReading(true);
    await readAll(api, store, runId).catch((error) => setProblem(error.message));
    setReading(false);
  };
  return html`<div class="more">
    <button type="button" class="button" disabled=${reading} onClick=${read}>
      ${reading ? "Reading…" : "This run is large. Show all its tasks"}</button>
    <${ProblemNote} text=${problem} />
  </div>`;
}

/**
 * The children of every parent whose children are not all here, the new parents' too. Events that
 * arrived meanwhile are newer than a page that was read before them, so known nodes are kept.
 * @param {import("../client/api.js").Api} api
 * @param {import("../live/run-store.js").RunStore} store
 * @param {string} runId
 */
async function readAll(api, store, runId) {
  let pages = 0;
  const open = [
    "",
    ...[...store.nodes.values()]
      .map((node) => node.peek())
      .filter((node) => node.children > 0)
      .map((node) => node.path),
  ];
  for (let under = open.shift(); under !== undefined; under = open.shift()) {
    /** @type {string|null} */
    let cursor = null;
    do {
      const page = /** @type {{nodes: import("../model/types.js").Node[], next: string|null}} */ (
        await api.nodes(runId, under, cursor)
      );
      const added = page.nodes.filter((node) => !store.nodes.has(node.path));
      store.putNodes(added);
      open.push(...added.filter((node) => node.children > 0).map((node) => node.path));
      cursor = page.next;
      if (++pages >= MOST_PAGES) return;
    } while (cursor !== null);
  }
  store.complete.value = true;
}
