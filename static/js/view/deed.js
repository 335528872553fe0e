/** Something that is asked of the server, once at a time, with what it said against it. */

import { useState } from "preact/hooks";
import { isPassing } from "../client/api.js";
import { useOnReturn } from "./services.js";

/**
 * @typedef {object} Deed
 * @property {boolean} busy
 * @property {string} problem  the refusal of the last try, or ""
 * @property {(work: () => Promise<unknown>) => Promise<void>} attempt  while one is under way
 *   another is not begun
 */

/** What stands there once the connection is back for want of which a try failed. */
export const AGAIN =
  "This was not answered while the connection was lost. It is back: if it was not done, try again.";

const NONE = { words: "", passes: false };

/** @returns {Deed} */
export function useDeed() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(NONE);
  useOnReturn(() => {
    if (problem.passes) setProblem({ words: AGAIN, passes: false });
  });
  const attempt = async (/** @type {() => Promise<unknown>} */ work) => {
    if (busy) return;
    setBusy(true);
    setProblem(NONE);
    try {
      await work();
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      setProblem({ words, passes: isPassing(error) });
    }
    setBusy(false);
  };
  return { busy, problem: problem.words, attempt };
}

/**
 * Go to another page: the deed stays under way until this one is left, or shown again.
 * @param {string} address
 */
export function leaveFor(address) {
  location.assign(address);
  return new Promise((resolve) => addEventListener("pageshow", resolve, { once: true }));
}
