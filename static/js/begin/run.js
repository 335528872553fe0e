/** What the page of a run asks for as soon as it is connected: what draws it comes meanwhile. */

import { RunFeed } from "../live/run-feed.js";
import { RunStore } from "../live/run-store.js";

/**
 * Followed as long as the page is open.
 * @param {import("../view/services.js").Services} services
 * @param {string} runId
 * @returns {RunStore}  empty until the server has answered
 */
export function beginRun(services, runId) {
  const store = new RunStore();
  new RunFeed(runId, services, store).connect();
  return store;
}
