/** Which runs are chosen in the list. Pure: every function returns a new choice. */

/**
 * That moment: `until` is when the newest of them was created (ms), `counts` how many there were.
 * @typedef {{until: number, counts: Partial<Record<string, number>>|null}} All
 */

/**
 * @typedef {object} Choice
 * @property {ReadonlySet<string>} ids
 * @property {All|null} all  every run that matched the filter at one moment, shown or not
 * @property {string|null} anchor  where a range begins; null: all that were shown are chosen
 */

/** @type {Readonly<Choice>} */
export const NOTHING = { ids: new Set(), all: null, anchor: null };

/** Takes one in, or lets it go. @param {Choice} choice @param {string} id @returns {Choice} */
export function toggled(choice, id) {
  const ids = new Set(choice.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, all: null, anchor: id };
}

/**
 * Takes in everything from the anchor to `id`, both included; without an anchor just that one.
 * @param {Choice} choice @param {string} id @param {readonly string[]} shown @returns {Choice}
 */
export function extended(choice, id, shown) {
  const from = choice.anchor === null ? -1 : shown.indexOf(choice.anchor);
  const to = shown.indexOf(id);
  const known = from >= 0 && to >= 0;
  const range = known ? shown.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
  return { ids: new Set([...choice.ids, ...range]), all: null, anchor: id };
}

/** All that are shown, or nothing if they are chosen already. @param {Choice} choice
 * @param {readonly string[]} shown @returns {Choice} */
export function allShown(choice, shown) {
  const complete = shown.length > 0 && shown.every((id) => choice.ids.has(id));
  return complete ? NOTHING : { ids: new Set(shown), all: null, anchor: null };
}

/** Runs that were deleted can't be chosen any more. @param {Choice} choice
 * @param {{has: (id: string) => boolean}} known @returns {Choice} */
export function narrowed(choice, known) {
  const ids = [...choice.ids].filter((id) => known.has(id));
  return ids.length === choice.ids.size ? choice : { ...choice, ids: new Set(ids) };
}
