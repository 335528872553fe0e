/** Lets the browser's tab carry the state: its title and its icon. */

import { toneColour } from "../model/tones.js";

const ICON = (/** @type {string} */ colour) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="2" y="2" width="28"
    height="28" rx="8" fill="${colour}"/>` +
  `<rect x="8.5" y="8.5" width="15" height="15" rx="4.5" fill="none" stroke="#fff"
    stroke-width="2.4"/>` +
  `<rect x="13.6" y="13.6" width="4.8" height="4.8" rx="1.6" fill="#fff"/></svg>`;

export class TabFace {
  /** @param {Document} page */
  constructor(page) {
    this.page = page;
    this.icon = /** @type {HTMLLinkElement|null} */ (page.querySelector('link[rel="icon"]'));
    this.tone = "";
  }

  /**
   * @param {string} title
   * @param {string} [tone]  of the state; without one the plain icon stays
   */
  show(title, tone = "") {
    if (this.page.title !== title) this.page.title = title;
    if (!this.icon || !tone || tone === this.tone) return;
    this.tone = tone;
    this.icon.href = `data:image/svg+xml,${encodeURIComponent(ICON(toneColour(tone)))}`;
  }
}
