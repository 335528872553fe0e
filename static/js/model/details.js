/** Which tabs the details of a task or a run have, and which of them is open. Pure. */

import { tellingError } from "./states.js";

/** @typedef {"overview"|"arguments"|"value"|"error"|"log"|"attempts"} Tab */

/**
 * What the details look at: a node, or the run as its root.
 * @typedef {object} Detailed
 * @property {string} state
 * @property {{error: string|null}} meta
 * @property {unknown} value
 * @property {string|null} traceback
 * @property {unknown[]|null} [args]
 * @property {Record<string, unknown>|null} kwargs
 * @property {string[]} omitted
 * @property {unknown[]} [attempts]
 */

/** @type {Readonly<Record<Tab, string>>} */
export const TAB_WORDS = {
  overview: "Overview",
  arguments: "Arguments",
  value: "Value",
  error: "Error",
  log: "Log",
  attempts: "Attempts",
};

/**
 * Only those that have something to show; a field left out for its size counts.
 * @param {Detailed} record @returns {Tab[]}
 */
export function tabsOf(record) {
  const large = new Set(record.omitted ?? []);
  const given = record.args?.length || Object.keys(record.kwargs ?? {}).length;
  const wrong = tellingError(record) || record.traceback || large.has("traceback");
  /** @type {[Tab, unknown][]} */
  const tabs = [
    ["overview", true],
    ["error", wrong],
    ["value", (record.value ?? null) !== null || large.has("value")],
    ["arguments", given || large.has("args") || large.has("kwargs")],
    ["log", true],
    ["attempts", record.attempts?.length],
  ];
  return tabs.filter(([, present]) => present).map(([tab]) => tab);
}

/**
 * The tab to show: the one asked for if there is such a one, else the error of what failed.
 * @param {Detailed} record @param {string} asked @returns {Tab}
 */
export function openTab(record, asked) {
  const tabs = tabsOf(record);
  const found = tabs.find((tab) => tab === asked);
  if (found) return found;
  const failed = record.state === "FAILURE" || record.state === "LOST";
  return failed && tabs.includes("error") ? "error" : "overview";
}
