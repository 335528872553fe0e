/** Entry of the pages without a live connection. */

import { ThemeSwitch } from "./live/theme.js";

new ThemeSwitch(/** @type {HTMLSelectElement} */ (document.getElementById("theme"))).connect();
