/**
 * Runs something as this page is left, while it can still be written down with its entry of the
 * history: a page that is loaded again begins from what its entry held before the load began, and a
 * phone may end a page that is out of sight without another word.
 * @param {() => void} keep
 * @returns {() => void} stops it
 */
export function onLeaving(keep) {
  const places = /** @type {const} */ ([
    [window, "beforeunload"],
    [window, "pagehide"],
    [document, "visibilitychange"],
  ]);
  for (const [place, name] of places) place.addEventListener(name, keep);
  return () => {
    for (const [place, name] of places) place.removeEventListener(name, keep);
  };
}
