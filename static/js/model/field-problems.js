/** Which field of the form a problem belongs to. Pure. */

import { fieldsAt } from "./schema.js";

/** @typedef {import("./schema.js").Field} Field */
/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./types.js").FieldProblem} FieldProblem */

/**
 * The server's problems by the path of the field they belong to. It may write a path as a JSON
 * pointer ("/mail/to"), dotted or with indexes; the nearest field above gets it.
 * @param {readonly Field[]} fields @param {readonly FieldProblem[]} problems
 * @returns {{byField: Record<string, string>, others: string[]}}
 */
export function assignProblems(fields, problems) {
  const known = new Set(placesOf(fields));
  /** @type {Record<string, string>} */
  const byField = {};
  /** @type {string[]} */
  const others = [];
  for (const { path, message } of problems) {
    const owner = nearestField(known, path);
    if (owner) byField[owner] ??= message;
    else others.push(path ? `${path}: ${message}` : message);
  }
  return { byField, others };
}

/**
 * Those of the problems whose field is as it was when they were found; any other is out of date.
 * @param {Record<string, string>} byField @param {Draft} found  what they were found in
 * @param {Draft} draft  what is typed now
 * @returns {Record<string, string>}
 */
export function standing(byField, found, draft) {
  const typed = [...new Set([...Object.keys(found), ...Object.keys(draft)])];
  const changed = typed.filter((path) => found[path] !== draft[path]);
  const isTouched = (/** @type {string} */ field) =>
    changed.some((path) => path === field || path.startsWith(`${field}.`));
  return Object.fromEntries(Object.entries(byField).filter(([field]) => !isTouched(field)));
}

/**
 * Where a problem can stand; "*" for any object of a list.
 * @param {readonly Field[]} fields @returns {string[]}
 */
function placesOf(fields) {
  return fields.flatMap((field) => [
    field.path,
    ...(field.kind === "records"
      ? placesOf(fieldsAt(field.fields, `${field.path}.*.`))
      : placesOf(field.fields)),
  ]);
}

/** @param {ReadonlySet<string>} known @param {string} path @returns {string|undefined} */
function nearestField(known, path) {
  const parts = path
    .replace(/^\$\.?/, "")
    .replace(/\[(\d+)\]/g, ".$1")
    .split(/[/.]/)
    .filter(Boolean);
  if (parts[0] === "kwargs") parts.shift();
  for (let length = parts.length; length > 0; length--) {
    const candidate = parts.slice(0, length).join(".");
    if (known.has(candidate) || known.has(candidate.replace(/\.\d+\./g, ".*."))) return candidate;
  }
  return undefined;
}
