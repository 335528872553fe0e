/** Offers the arguments of the parent's latest run once more. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { brief } from "../model/arguments.js";
import { Ago } from "./elapsed.js";
import { useServices } from "./services.js";

/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {Record<string, unknown>} Given */

/**
 * @typedef {object} LastArgumentsProps
 * @property {import("../model/types.js").Parent} parent
 * @property {(kwargs: Given) => void} take
 */

/** @param {LastArgumentsProps} props */
export function LastArguments({ parent, take }) {
  const { api } = useServices();
  const [last, setLast] = useState(/** @type {Run|null|undefined} */ (undefined));
  useEffect(() => {
    // Without them the form serves as well: nothing is said where they can't be read.
    readLast(api, parent.name).then(setLast, () => setLast(null));
  }, [parent.name]);
  // Its place is kept while they are read: fields must not jump away from who begins to type.
  if (last === undefined && parent.recent?.length)
    return html`<p class="last-arguments small muted">Reading the last run’s arguments…</p>`;
  const given = last?.kwargs && brief(last.kwargs, parent.schema);
  if (!last || !given) return null;
  return html`<p class="last-arguments small"><span class="muted">Last run <${Ago}
      at=${last.created_at} /></span> <span class="mono wrap">${given}</span>
    <button type="button" class="link" onClick=${() => take(last.kwargs ?? {})}>
      Use these arguments</button></p>`;
}

/**
 * The latest run, its arguments whole.
 * @param {import("../client/api.js").Api} api @param {string} name @returns {Promise<Run|null>}
 */
async function readLast(api, name) {
  const { runs } = await api.runs(`?${new URLSearchParams({ name, limit: "1" })}`);
  const [run] = runs;
  if (!run?.omitted.includes("kwargs")) return run ?? null;
  return { ...run, kwargs: (await api.node(run.id, "")).kwargs };
}
