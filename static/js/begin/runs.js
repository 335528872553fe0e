/** What the list of runs asks for as soon as it is connected: what draws it comes meanwhile. */

import { ListFeed } from "../live/list-feed.js";
import { ListPlace } from "../live/list-place.js";
import { ListStore } from "../live/list-store.js";
import { readFilter } from "../model/run-list.js";
import { listEye } from "../view/row-focus.js";

/** @typedef {ReturnType<typeof beginRuns>} Begun */

/**
 * Followed as long as the page is open.
 * @param {import("../view/services.js").Services} services
 */
export function beginRuns(services) {
  const store = new ListStore();
  const feed = new ListFeed(services, store);
  const filter = readFilter(location.search);
  feed.setFilter(filter);
  new ListPlace(store, feed, listEye).connect();
  feed.connect();
  return { store, feed, filter };
}
