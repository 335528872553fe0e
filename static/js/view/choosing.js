/** What the bar and the dialog of the chosen runs share. */

import { countFitting, fit } from "../model/bulk.js";
import { statesOf } from "../model/states.js";

/** @typedef {import("../model/bulk.js").BulkAction} BulkAction */

/**
 * @typedef {object} Choosing
 * @property {import("../live/selection.js").Selection} selection
 * @property {import("../live/bulk-feed.js").BulkFeed} bulk
 * @property {import("../live/run-counts.js").RunCounts} counts
 * @property {import("../model/run-list.js").Filter} filter
 */

/**
 * On how many runs the action would be tried.
 * @param {Choosing} props @param {BulkAction} action
 * @returns {number|null}  null while nobody counted
 */
export function reach({ selection, filter }, action) {
  const { all } = selection.choice.value;
  if (all) return countFitting(action, statesOf(filter.state), all.counts);
  return fit(action, selection.runs()).length;
}
