/** The states' colours where a stylesheet does not reach: the icon of the tab. */

/** @type {Readonly<Record<string, string>>} */
const COLOURS = {
  pending: "#6b7484",
  started: "#2b6fdb",
  progress: "#2b6fdb",
  retry: "#a86200",
  revoking: "#b3580d",
  success: "#1f7f4c",
  failure: "#c8323a",
  revoked: "#6f5a96",
  lost: "#a2357e",
};

/** @param {string} tone */
export const toneColour = (tone) => COLOURS[tone] ?? COLOURS.pending;
