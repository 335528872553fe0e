/** Whether anything of a run that is followed may move, and if not, why. */

import { computed } from "@preact/signals";
import { waitingParents, whyStill } from "../model/waiting.js";

/**
 * Words, empty while something may move. Its tasks are looked at only where the counts leave it open.
 * @param {import("./run-store.js").RunStore} store
 */
export function stillnessOf(store) {
  const nodeAt = (/** @type {string} */ path) => store.nodes.get(path)?.peek();
  const parents = computed(() =>
    store.paths.value.filter((path) => nodeAt(path)?.kind === "parent"),
  );
  const onlyWait = (/** @type {number} */ begun) =>
    parents.value.length >= begun &&
    waitingParents(
      parents.value.flatMap((path) => nodeAt(path) ?? []),
      nodeAt,
    ) === begun;
  return computed(() => (store.run.value ? whyStill(store.run.value, onlyWait) : ""));
}
