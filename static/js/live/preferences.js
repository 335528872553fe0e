/** Choices this browser remembers; where storage is forbidden or full they hold for one page. */

/** @param {string} name @param {string} otherwise @returns {string} */
export function recall(name, otherwise) {
  try {
    return localStorage.getItem(`inception-${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(`inception-${name}`, value);
  } catch {
    // As the module says: the choice then holds for this page alone.
  }
}
