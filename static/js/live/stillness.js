/** Whether anything of a run that is followed may move, and if not, why. */

import { computed } from "@preact/signals";
import { isGoingOn, waitingParents, whyStill } from "../model/waiting.js";

/**
 * Words, empty while something may move. Its tasks are looked at only where the counts leave it open.
 * @param {import("./run-store.js").RunStore} store
 */
export function stillnessOf(store) {
  const nodeAt = (/** @type {string} */ path) => store.nodes.get(path)?.peek();
  const isAtWork = workOf(store);
  const parents = computed(() =>
    store.paths.value.filter((path) => nodeAt(path)?.kind === "parent"),
  );
  const onlyWait = (/** @type {number} */ begun) =>
    !isAtWork() &&
    waitingParents(
      parents.value.flatMap((path) => nodeAt(path) ?? []),
      nodeAt,
    ) === begun;
  return computed(() => (store.run.value ? whyStill(store.run.value, onlyWait) : ""));
}

/**
 * Tells whether a child is at work. It is looked for where one was found last: of a run with
 * thousands of tasks that one still is, or one of the next has begun.
 * @param {import("./run-store.js").RunStore} store
 */
function workOf(store) {
  let last = 0;
  return () => {
    const paths = store.paths.peek();
    for (let passed = 0; passed < paths.length; passed++) {
      const place = (last + passed) % paths.length;
      const node = store.nodes.get(paths[place])?.peek();
      if (node?.kind !== "child" || !isGoingOn(node.state)) continue;
      last = place;
      return true;
    }
    return false;
  };
}
