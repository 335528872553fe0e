/** Tags as people type them: words between commas. Pure. */

/** Each of them once. @param {string} text @returns {string[]} */
export const tagsIn = (text) => [
  ...new Set(
    text
      .split(",")
      .map((word) => word.trim())
      .filter(Boolean),
  ),
];
