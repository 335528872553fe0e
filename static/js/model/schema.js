/**
 * From a parent's JSON Schema to the fields of a form, and from what was typed to arguments.
 * Pure. The server checks everything again; here only what is no JSON at all is refused.
 */

/** @typedef {import("./types.js").Schema} Schema */
/** @typedef {import("./types.js").FieldProblem} FieldProblem */

/** @typedef {"string"|"integer"|"number"|"boolean"|"enum"|"list"|"object"|"json"} Kind */

/**
 * @typedef {object} Field
 * @property {string} path  "mail.to"
 * @property {string} name
 * @property {Kind} kind
 * @property {string} title
 * @property {string} description
 * @property {string} hint  what is allowed, in words
 * @property {boolean} required
 * @property {boolean} nullable
 * @property {unknown} default
 * @property {unknown[]} choices  of an enum
 * @property {Kind} item  of a list
 * @property {Field[]} fields  of an object
 */

/**
 * What was typed: text for everything but booleans.
 * @typedef {Record<string, string|boolean>} Draft
 */

/** @type {ReadonlySet<string>} */
const SCALARS = new Set(["string", "integer", "number", "boolean"]);

/** @param {Schema} schema  of all arguments @returns {Field[]} */
export function fieldsOf(schema) {
  return propertiesOf(schema, schema, "", 0);
}

/**
 * @param {Schema} schema
 * @param {Schema} root
 * @param {string} prefix
 * @param {number} level
 * @returns {Field[]}
 */
function propertiesOf(schema, root, prefix, level) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) =>
    fieldOf(name, property, { root, prefix, level, required: required.has(name) }),
  );
}

/** @typedef {{root: Schema, prefix: string, level: number, required: boolean}} Place */

/** @param {string} name @param {Schema} property @param {Place} place @returns {Field} */
function fieldOf(name, property, place) {
  const { schema, nullable } = withoutNull(property, place.root);
  const path = place.prefix + name;
  const kind = kindOf(schema, place.level);
  return {
    path,
    name,
    kind,
    nullable,
    title: titleOf(name, property.title ?? schema.title),
    description: property.description ?? schema.description ?? "",
    hint: hintOf(schema, kind, nullable),
    required: place.required,
    default: property.default ?? schema.default,
    choices: schema.enum ?? (schema.const === undefined ? [] : [schema.const]),
    item: kind === "list" ? kindOf(resolve(schema.items ?? {}, place.root), 1) : "json",
    fields: kind === "object" ? propertiesOf(schema, place.root, `${path}.`, place.level + 1) : [],
  };
}

/** @param {Schema} schema @param {Schema} root @returns {Schema} */
function resolve(schema, root) {
  const name = schema.$ref?.match(/^#\/\$defs\/([^/]+)$/)?.[1];
  return name ? { ...(root.$defs?.[name] ?? {}), ...schema } : schema;
}

/** @param {Schema} property @param {Schema} root @returns {{schema: Schema, nullable: boolean}} */
function withoutNull(property, root) {
  const schema = resolve(property, root);
  const options = schema.anyOf ?? schema.oneOf;
  if (options) {
    const real = options.filter((option) => option.type !== "null");
    const nullable = real.length < options.length;
    return { schema: real.length === 1 ? resolve(real[0], root) : {}, nullable };
  }
  if (!Array.isArray(schema.type)) return { schema, nullable: schema.type === "null" };
  const types = schema.type.filter((type) => type !== "null");
  return {
    schema: { ...schema, type: types.length === 1 ? types[0] : undefined },
    nullable: types.length < schema.type.length,
  };
}

/** @param {Schema} schema @param {number} level @returns {Kind} */
function kindOf(schema, level) {
  if (schema.enum || schema.const !== undefined) return "enum";
  if (typeof schema.type === "string" && SCALARS.has(schema.type))
    return /** @type {Kind} */ (schema.type);
  if (level > 0) return "json";
  if (
    schema.type === "array" &&
    SCALARS.has(String(schema.items?.type)) &&
    schema.items?.type !== "boolean"
  )
    return "list";
  return schema.type === "object" && schema.properties ? "object" : "json";
}

/**
 * Titles that a generator made from the name ("Limit" of `limit`) say nothing new.
 * @param {string} name
 * @param {string} [title]
 */
function titleOf(name, title) {
  const plain = (/** @type {string} */ text) => text.toLowerCase().replace(/[\s_]+/g, "");
  return title && plain(title) !== plain(name) ? title : "";
}

/** @param {Schema} schema @param {Kind} kind @param {boolean} nullable */
function hintOf(schema, kind, nullable) {
  const words = {
    string: "text",
    integer: "whole number",
    number: "number",
    boolean: "",
    enum: "",
    list: "one value a line",
    object: "",
    json: "JSON",
  };
  const parts = [words[kind], rangeOf(schema), nullable ? "may be left empty" : ""];
  return parts.filter(Boolean).join(", ");
}

/** @param {Schema} schema */
function rangeOf(schema) {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const above = schema.minimum === undefined && low !== undefined ? "more than" : "at least";
  const below = schema.maximum === undefined && high !== undefined ? "less than" : "at most";
  const parts = [
    low === undefined ? "" : `${above} ${low}`,
    high === undefined ? "" : `${below} ${high}`,
  ];
  if (schema.minLength) parts.push(`at least ${schema.minLength} characters`);
  if (schema.maxLength) parts.push(`at most ${schema.maxLength} characters`);
  return parts.filter(Boolean).join(", ");
}

/**
 * What the form shows at first.
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
    else draft[field.path] = field.kind === "boolean" ? value === true : textOf(field, value);
  }
  return draft;
}

/** @param {Field} field @param {unknown} value @returns {string} */
function textOf(field, value) {
  if (value === undefined || value === null) return "";
  if (field.kind === "list" && Array.isArray(value)) return value.map(String).join("\n");
  if (field.kind === "json" || field.kind === "enum")
    return JSON.stringify(value, null, field.kind === "json" ? 2 : 0);
  return String(value);
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
    const read = readField(field, draft[field.path]);
    if (read.problem) problems.push({ path: field.path, message: read.problem });
    else if (read.value !== undefined) kwargs[field.name] = read.value;
  }
  return { kwargs, problems };
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
  const text = String(typed ?? "");
  if (text.trim() === "") return readEmpty(field);
  if (field.kind === "list") return readList(field.item, text);
  return readScalar(field.kind, text);
}

/** @param {Field} field @returns {Reading} */
function readEmpty(field) {
  if (field.nullable) return field.required || field.default !== undefined ? { value: null } : {};
  if (field.kind === "string" && (field.required || field.default !== undefined))
    return { value: "" };
  if (field.kind === "list") return { value: [] };
  return field.required ? { problem: "This argument is required." } : {};
}

/** @param {Kind} kind @param {string} text @returns {Reading} */
function readScalar(kind, text) {
  if (kind === "string") return { value: text };
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

/**
 * The server's problems by the path of the field they belong to. It may write a path as a JSON
 * pointer ("/mail/to"), dotted or with indexes; the nearest field above gets it.
 * @param {readonly Field[]} fields @param {readonly FieldProblem[]} problems
 * @returns {{byField: Record<string, string>, others: string[]}}
 */
export function assignProblems(fields, problems) {
  const known = new Set(
    fields.flatMap((field) => [field, ...field.fields]).map((field) => field.path),
  );
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
    if (known.has(candidate)) return candidate;
  }
  return undefined;
}
