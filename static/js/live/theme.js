/** The theme switch in the header: system, light or dark, kept in this browser. */

import { remember } from "./preferences.js";

export class ThemeSwitch {
  /** @param {HTMLSelectElement} select */
  constructor(select) {
    this.select = select;
    this.choose = this.choose.bind(this);
  }

  connect() {
    this.select.value = document.documentElement.dataset.theme ?? "system";
    this.select.addEventListener("change", this.choose);
  }

  disconnect() {
    this.select.removeEventListener("change", this.choose);
  }

  choose() {
    const theme = this.select.value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    remember("theme", theme);
  }
}
