/** Something that is asked of the server, once at a time, with what it said against it. */

import { useState } from "preact/hooks";

/**
 * @typedef {object} Deed
 * @property {boolean} busy
 * @property {string} problem  the refusal of the last try, or ""
 * @property {(work: () => Promise<unknown>) => Promise<void>} attempt  while one is under way
 *   another is not begun
 */

/** @returns {Deed} */
export function useDeed() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const attempt = async (/** @type {() => Promise<unknown>} */ work) => {
    if (busy) return;
    setBusy(true);
    setProblem("");
    try {
      await work();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  return { busy, problem, attempt };
}

/**
 * Go to another page: the deed stays under way until this one is left, or shown again.
 * @param {string} address
 */
export function leaveFor(address) {
  location.assign(address);
  return new Promise((resolve) => addEventListener("pageshow", resolve, { once: true }));
}
