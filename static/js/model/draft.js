/**
 * What is typed into a form, and the arguments it stands for. Pure. The server checks everything
 * again; here only what is no JSON at all is refused.
 */

import { fieldsAt } from "./schema.js";

/** @typedef {import("./schema.js").Field} Field */
/** @typedef {import("./schema.js").Kind} Kind */
/** @typedef {import("./types.js").FieldProblem} FieldProblem */

/**
 * What was typed: text for everything but booleans.
 * @typedef {Record<string, string|boolean>} Draft
 */

/**
 * What the form shows at first; secrets are typed each time.
 * @param {readonly Field[]} fields
 * @param {Record<string, unknown>} [given]  arguments of an earlier run
 * @returns {Draft}
 */
export function draftOf(fields, given = {}) {
  /** @type {Draft} */
  const draft = {};
  for (const field of fields) {
    const value = given[field.name] ?? field.default;
    const inner =
      value && typeof value === "object" ? /** @type {Record<string, unknown>} */ (value) : {};
    if (field.kind === "object") Object.assign(draft, draftOf(field.fields, inner));
    else if (field.kind === "records") Object.assign(draft, recordsDraft(field, value));
    else draft[field.path] = field.kind === "boolean" ? value === true : textOf(field, value);
  }
  return draft;
}

/**
 * A list of objects: at its own path how many there are, then the fields of each.
 * @param {Field} field @param {unknown} value @returns {Draft}
 */
function recordsDraft(field, value) {
  const items = Array.isArray(value) ? value : [];
  /** @type {Draft} */
  const draft = { [field.path]: String(items.length) };
  items.forEach((item, row) => Object.assign(draft, draftOf(rowFields(field, row), item ?? {})));
  return draft;
}

/** @param {Field} field  a list of objects @param {number} row @returns {Field[]} */
export const rowFields = (field, row) => fieldsAt(field.fields, `${field.path}.${row}.`);

/** How many objects the list has. @param {Field} field @param {Draft} draft */
export const rowCount = (field, draft) => Number(draft[field.path] ?? 0);

/** @param {Field} field @param {Draft} draft @returns {Draft} */
export function withRow(field, draft) {
  const rows = rowCount(field, draft);
  return { ...draft, ...draftOf(rowFields(field, rows)), [field.path]: String(rows + 1) };
}

/** Those after it move up. @param {Field} field @param {Draft} draft @param {number} row */
export function withoutRow(field, draft, row) {
  const rows = rowCount(field, draft);
  const list = Array.from({ length: rows }, (_, n) => subdraft(draft, `${field.path}.${n}.`));
  list.splice(row, 1);
  const rest = Object.entries(draft).filter(([path]) => !path.startsWith(`${field.path}.`));
  const kept = list.flatMap((one, n) =>
    Object.entries(one).map(([path, value]) => [`${field.path}.${n}.${path}`, value]),
  );
  return Object.fromEntries([...rest, ...kept, [field.path, String(list.length)]]);
}

/** What the draft holds below a place, by the rest of its path. @param {Draft} draft
 * @param {string} prefix @returns {Draft} */
function subdraft(draft, prefix) {
  const inside = Object.entries(draft).filter(([path]) => path.startsWith(prefix));
  return Object.fromEntries(inside.map(([path, value]) => [path.slice(prefix.length), value]));
}

/** @param {Field} field @param {unknown} value @returns {string} */
function textOf(field, value) {
  if (value === undefined || value === null || field.secret) return "";
  if (field.kind === "datetime") return localTime(String(value));
  if (field.kind === "list" && Array.isArray(value)) return value.map(String).join("\n");
  if (field.kind === "json" || field.kind === "enum")
    return JSON.stringify(value, null, field.kind === "json" ? 2 : 0);
  return String(value);
}

/** A time as its input takes it, by the clock on this wall. @param {string} text */
function localTime(text) {
  const at = new Date(text);
  if (Number.isNaN(at.valueOf())) return "";
  const local = new Date(at.valueOf() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/**
 * The arguments a draft stands for. A field left empty is left out, so that the function's own
 * default holds; a required text may be empty.
 * @param {readonly Field[]} fields @param {Draft} draft
 * @returns {{kwargs: Record<string, unknown>, problems: FieldProblem[]}}
 */
export function argumentsOf(fields, draft) {
  /** @type {Record<string, unknown>} */
  const kwargs = {};
  /** @type {FieldProblem[]} */
  const problems = [];
  for (const field of fields) {
    if (field.kind === "object") {
      if (!field.required && isUntouched(field, draft)) continue;
      const inner = argumentsOf(field.fields, draft);
      problems.push(...inner.problems);
      kwargs[field.name] = inner.kwargs;
      continue;
    }
    if (field.kind === "records" && rowCount(field, draft)) {
      const rows = readRows(field, draft);
      problems.push(...rows.problems);
      kwargs[field.name] = rows.items;
      continue;
    }
    const read = readField(field, draft[field.path]);
    if (read.problem) problems.push({ path: field.path, message: read.problem });
    else if (read.value !== undefined) kwargs[field.name] = read.value;
  }
  return { kwargs, problems };
}

/** @param {Field} field  a list of objects @param {Draft} draft */
function readRows(field, draft) {
  const rows = Array.from({ length: rowCount(field, draft) }, (_, row) =>
    argumentsOf(rowFields(field, row), draft),
  );
  return {
    items: rows.map((row) => row.kwargs),
    problems: rows.flatMap((row) => row.problems),
  };
}

/**
 * An optional object nobody filled in is left out whole.
 * @param {Field} field
 * @param {Draft} draft
 */
function isUntouched(field, draft) {
  return Object.entries(draftOf([field])).every(([path, value]) => draft[path] === value);
}

/** @typedef {{value?: unknown, problem?: string}} Reading */

/** @param {Field} field @param {string|boolean|undefined} typed @returns {Reading} */
function readField(field, typed) {
  if (field.kind === "boolean") return { value: typed === true };
  const text = field.kind === "records" ? "" : String(typed ?? "");
  if (text.trim() === "") return readEmpty(field);
  if (field.kind === "list") return readList(field.item, text);
  return readScalar(field.kind, text);
}

/** @param {Field} field @returns {Reading} */
function readEmpty(field) {
  if (field.nullable) return field.required || field.default !== undefined ? { value: null } : {};
  if (field.kind === "string" && (field.required || field.default !== undefined))
    return { value: "" };
  if (field.kind === "list" || field.kind === "records") return { value: [] };
  return field.required ? { problem: "This argument is required." } : {};
}

/** @param {Kind} kind @param {string} text @returns {Reading} */
function readScalar(kind, text) {
  if (["string", "secret", "date", "time"].includes(kind)) return { value: text };
  if (kind === "datetime") return readTime(text);
  if (kind === "integer")
    return /^\s*[+-]?\d+\s*$/.test(text)
      ? { value: Number(text) }
      : { problem: "This must be a whole number." };
  if (kind === "number")
    return Number.isFinite(Number(text))
      ? { value: Number(text) }
      : { problem: "This must be a number." };
  return readJson(text);
}

/** Typed by the clock on this wall, sent with its distance to UTC. @param {string} text
 * @returns {Reading} */
function readTime(text) {
  const at = new Date(text);
  if (Number.isNaN(at.valueOf())) return { problem: "This must be a date and a time." };
  return { value: at.toISOString() };
}

/** @param {string} text @returns {Reading} */
function readJson(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `This is not JSON: ${error instanceof Error ? error.message : error}` };
  }
}

/** @param {Kind} item @param {string} text @returns {Reading} */
function readList(item, text) {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const readings = lines.map((line) => readScalar(item, line));
  const wrong = readings.findIndex((reading) => reading.problem);
  if (wrong >= 0) return { problem: `Line ${wrong + 1}: ${readings[wrong].problem}` };
  return { value: readings.map((reading) => reading.value) };
}
