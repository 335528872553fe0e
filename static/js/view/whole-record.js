/** Reads the fields that were too large for an event, once somebody wants to see them. */

import { useEffect, useState } from "preact/hooks";
import { useOnReturn, useServices } from "./services.js";

/** @typedef {import("../model/types.js").Node} Node */

/**
 * @typedef {object} Large
 * @property {unknown} value
 * @property {string|null} traceback
 * @property {unknown[]|null} [args]
 * @property {Record<string, unknown>|null} kwargs
 * @property {string[]} omitted
 * @property {string} state
 */

/**
 * The record with its large fields filled in, as soon as they have been read.
 * @template {Large} T
 * @param {string} runId @param {string} path @param {T} record
 * @returns {{record: T, reading: boolean, problem: string}}
 */
export function useWhole(runId, path, record) {
  const { api } = useServices();
  const [whole, setWhole] = useState(/** @type {Partial<Node>|null} */ (null));
  const [problem, setProblem] = useState("");
  const [tries, setTries] = useState(0);
  const missing = (record.omitted ?? []).join(" ");
  useOnReturn(() => {
    if (problem) setTries(tries + 1);
  });
  useEffect(() => {
    let wanted = true;
    setWhole(null);
    setProblem("");
    if (missing)
      api.node(runId, path).then(
        (node) => wanted && setWhole(node),
        (error) => wanted && setProblem(error.message),
      );
    return () => {
      wanted = false;
    };
  }, [runId, path, missing, record.state, tries]);
  if (!missing) return { record, reading: false, problem: "" };
  return { record: whole ? fill(record, whole) : record, reading: !whole && !problem, problem };
}

/** @template {Large} T @param {T} record @param {Partial<Node>} whole @returns {T} */
function fill(record, whole) {
  const found = Object.fromEntries(
    record.omitted.map((field) => [field, whole[/** @type {keyof Node} */ (field)] ?? null]),
  );
  return { ...record, ...found };
}
