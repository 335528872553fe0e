/** The keys that act by themselves, and when they do. Pure. */

/**
 * @typedef {object} Shortcut
 * @property {string} key  as `KeyboardEvent.key` says it
 * @property {string} does
 * @property {() => void} act
 */

/**
 * What matters of a pressed key.
 * @typedef {object} Pressed
 * @property {string} key
 * @property {boolean} altKey
 * @property {boolean} ctrlKey
 * @property {boolean} metaKey
 */

/** Elements in which a letter is a letter. */
const TYPING = new Set(["INPUT", "SELECT", "TEXTAREA"]);

/**
 * The shortcut a pressed key means; none while somebody types, or holds a modifier.
 * @param {Pressed} pressed @param {string} tag  of the element that has the focus
 * @param {readonly Shortcut[]} shortcuts
 * @returns {Shortcut|undefined}
 */
export function shortcutOf(pressed, tag, shortcuts) {
  if (pressed.altKey || pressed.ctrlKey || pressed.metaKey || TYPING.has(tag)) return undefined;
  return shortcuts.find((one) => one.key === pressed.key);
}
