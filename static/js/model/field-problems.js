/** Which field of the form a problem belongs to. Pure. */

import { fieldsAt } from "./schema.js";

/** @typedef {import("./schema.js").Field} Field */
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
