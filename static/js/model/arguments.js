/** Arguments as a row has room for them. Pure. */

/** @typedef {import("./types.js").Schema} Schema */

/** Arguments that are named, and characters of each. */
const MOST = 4;
const LONGEST = 28;

/** What stands where a secret would. */
const HIDDEN = "•••";

/** Whether nobody should read what is given there. @param {Schema|undefined} schema */
export const isSecret = (schema) =>
  schema?.format === "password" || schema?.writeOnly === true || hasSecretOption(schema);

/** @param {Schema|undefined} schema @returns {boolean} */
const hasSecretOption = (schema) => (schema?.anyOf ?? []).some((option) => isSecret(option));

/**
 * "limit=3, delay=0.05", the first of them; "" if there are none, or they are too large for a row.
 * @param {Record<string, unknown>|null} kwargs @param {Schema} [schema]  of the parent, if known
 */
export function brief(kwargs, schema) {
  const given = Object.entries(kwargs ?? {});
  const named = given.slice(0, MOST).map(([name, value]) => {
    const shown = isSecret(schema?.properties?.[name]) ? HIDDEN : cut(JSON.stringify(value));
    return `${name}=${shown}`;
  });
  if (given.length > MOST) named.push("…");
  return named.join(", ");
}

/**
 * "0001.jpg, 640, quality=3": what a task was called with, the first of it; texts as they are.
 * @param {{args: unknown[]|null, kwargs: Record<string, unknown>|null}} node
 */
export function briefCall({ args, kwargs }) {
  const asText = (/** @type {unknown} */ value) =>
    cut(typeof value === "string" ? value : JSON.stringify(value));
  const given = (args ?? []).slice(0, MOST).map(asText);
  if ((args ?? []).length > MOST) given.push("…");
  return [...given, brief(kwargs)].filter(Boolean).join(", ");
}

/** @param {string|undefined} text */
const cut = (text = "null") => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);
