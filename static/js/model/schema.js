/** From a parent's JSON Schema to the fields of a form. Pure. */

import { isSecret } from "./arguments.js";

/** @typedef {import("./types.js").Schema} Schema */

/**
 * @typedef {"string"|"integer"|"number"|"boolean"|"enum"|"list"|"object"|"records"|"json"|
 *   "secret"|"date"|"datetime"|"time"} Kind
 */

/**
 * @typedef {object} Field
 * @property {string} path  "mail.to"
 * @property {string} name
 * @property {Kind} kind
 * @property {string} title
 * @property {string} description
 * @property {string} hint  what is allowed, in words
 * @property {boolean} required
 * @property {boolean} secret
 * @property {boolean} hides  whether what is typed as JSON has a place for a secret
 * @property {boolean} nullable
 * @property {unknown} default
 * @property {unknown[]} choices  of an enum
 * @property {Kind} item  of a list
 * @property {Field[]} fields  of an object, or of each object of a list, then without a place
 */

/** Objects within objects are drawn down to here; deeper ones are JSON. */
const DEEPEST = 4;

/** @type {Readonly<Record<string, Kind>>} */
const FORMATS = { date: "date", "date-time": "datetime", time: "time" };

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
  const secret = isSecret(property);
  const kind = secret ? secretKind(schema) : kindOf(schema, place);
  return {
    secret,
    hides: kind === "json" && hasSecret(property, place.root),
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
    item: kind === "list" ? scalarKind(resolve(schema.items ?? {}, place.root)) : "json",
    fields: innerFields(schema, kind, path, place),
  };
}

/** @param {Schema} schema @param {Kind} kind @param {string} path @param {Place} place */
function innerFields(schema, kind, path, { root, level }) {
  if (kind === "object") return propertiesOf(schema, root, `${path}.`, level + 1);
  if (kind !== "records") return [];
  return propertiesOf(resolve(schema.items ?? {}, root), root, "", level + 1);
}

/**
 * The same fields, somewhere else: those of one object of a list.
 * @param {readonly Field[]} fields @param {string} prefix @returns {Field[]}
 */
export function fieldsAt(fields, prefix) {
  return fields.map((field) => ({
    ...field,
    path: prefix + field.path,
    fields: field.kind === "object" ? fieldsAt(field.fields, prefix) : field.fields,
  }));
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

/** Schemas within schemas are looked into down to here: they may refer to themselves. */
const LOOKED_INTO = 8;

/** Whether a part of it is secret. @param {Schema} schema @param {Schema} root @param {number} level
 * @returns {boolean} */
function hasSecret(schema, root, level = 0) {
  if (isSecret(schema)) return true;
  if (level === LOOKED_INTO) return false;
  const { properties, items, additionalProperties, anyOf, oneOf } = resolve(schema, root);
  const parts = [...Object.values(properties ?? {}), ...(anyOf ?? []), ...(oneOf ?? [])];
  for (const part of [items, additionalProperties])
    if (part && typeof part === "object") parts.push(part);
  return parts.some((part) => hasSecret(part, root, level + 1));
}

/** What is no text is typed as JSON, and hidden all the same. @param {Schema} schema
 * @returns {Kind} */
const secretKind = (schema) => (schema.type === "string" ? "secret" : "json");

/** @param {Schema} schema @param {Place} place @returns {Kind} */
function kindOf(schema, { root, level }) {
  const scalar = scalarKind(schema);
  if (scalar !== "json" || level >= DEEPEST) return scalar;
  if (schema.type === "array") return listKind(resolve(schema.items ?? {}, root));
  return isDrawn(schema) ? "object" : "json";
}

/** @param {Schema} schema @returns {Kind} */
function scalarKind(schema) {
  if (schema.enum || schema.const !== undefined) return "enum";
  if (typeof schema.type !== "string" || !SCALARS.has(schema.type)) return "json";
  const format = schema.type === "string" ? FORMATS[schema.format ?? ""] : undefined;
  return format ?? /** @type {Kind} */ (schema.type);
}

/** @param {Schema} items @returns {Kind} */
function listKind(items) {
  if (isDrawn(items)) return "records";
  const isLine = ["string", "integer", "number"].includes(scalarKind(items));
  return isLine && !isSecret(items) ? "list" : "json";
}

/** @param {Schema} schema */
const isDrawn = (schema) => schema.type === "object" && schema.properties !== undefined;

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
    records: "",
    secret: "secret, never shown again",
    date: "date",
    datetime: "date and time in your zone",
    time: "time of day",
  };
  const parts = [words[kind], rangeOf(schema), nullable ? "optional" : ""];
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
