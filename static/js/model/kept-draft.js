/**
 * What of a form's draft may be kept in the browser: all but secrets. Pure.
 *
 * A field is secret by its schema or its name. In what is typed as JSON any key may name a secret: a
 * text that has such a word in it is not kept at all.
 */

import { rowCount, rowFields } from "./draft.js";

/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./schema.js").Field} Field */

/**
 * @param {readonly Field[]} fields @param {Draft} draft
 * @param {readonly string[]} secretNames  as `INCEPTION_SECRET_NAMES` has them
 * @returns {Draft}
 */
export function keepable(fields, draft, secretNames) {
  const named = (/** @type {string} */ word) => isSecretName(word, secretNames);
  /** @type {Draft} */
  const kept = {};
  for (const field of fields) {
    if (field.secret || field.hides || named(field.name)) continue;
    if (field.kind === "object") Object.assign(kept, keepable(field.fields, draft, secretNames));
    else if (field.kind === "records") Object.assign(kept, keepableRows(field, draft, secretNames));
    else if (field.kind !== "json" || !wordsOf(draft[field.path]).some(named))
      kept[field.path] = draft[field.path];
  }
  return kept;
}

/** @param {Field} field @param {Draft} draft @param {readonly string[]} secretNames
 * @returns {Draft} */
function keepableRows(field, draft, secretNames) {
  const rows = Array.from({ length: rowCount(field, draft) }, (_, row) =>
    keepable(rowFields(field, row), draft, secretNames),
  );
  return Object.assign({ [field.path]: String(rows.length) }, ...rows);
}

/** @param {string|boolean|undefined} typed */
const wordsOf = (typed) => String(typed ?? "").match(/[\w-]+/g) ?? [];

/** `db_password`, `apiToken`, `X-Api-Key`. @param {string} name @param {readonly string[]} words */
function isSecretName(name, words) {
  const plain = name
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_")
    .toLowerCase()
    .replaceAll("-", "_");
  return words.some((word) => plain === word || plain.endsWith(`_${word}`));
}

/**
 * A form as it was left: what was not kept is as the form begins, and so is what has become of
 * another kind since.
 * @param {Draft} first  the form as it begins @param {Draft} [kept] @returns {Draft}
 */
export function restored(first, kept = {}) {
  const fits = Object.entries(kept).filter(
    ([path, value]) => !(path in first) || typeof first[path] === typeof value,
  );
  return { ...first, ...Object.fromEntries(fits) };
}
