/** Entry of the live pages. It only wires: what a part does stands in its own module. */

import { render } from "preact";
import { html } from "htm/preact";
import { Announcer } from "./live/announcer.js";
import { Api } from "./client/api.js";
import { Clock } from "./live/clock.js";
import { ConnectionWords } from "./live/connection-words.js";
import { Link } from "./live/link.js";
import { Shortcuts } from "./live/shortcuts.js";
import { TabFace } from "./live/tab-face.js";
import { ThemeSwitch } from "./live/theme.js";
import { RunPage } from "./pages/run.js";
import { RunsPage } from "./pages/runs.js";
import { StartPage } from "./pages/start.js";
import { WorkersPage } from "./pages/workers.js";
import { ServicesContext } from "./view/services.js";
import { ShortcutsDialog } from "./view/shortcuts-dialog.js";

/** @param {string} id @returns {HTMLElement} */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {DOMStringMap} boot  what the server wrote on <body> */
function pageOf(boot) {
  switch (boot.page) {
    case "run":
      return html`<${RunPage} runId=${boot.runId ?? ""} nodePath=${boot.nodePath || null} />`;
    case "start":
      return html`<${StartPage} name=${boot.name ?? ""} />`;
    case "workers":
      return html`<${WorkersPage} />`;
    default:
      return html`<${RunsPage} />`;
  }
}

const link = new Link();
const clock = new Clock(link);
const shortcuts = new Shortcuts();
const announcer = new Announcer(part("announcer"));
const csrfToken = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";

/** @type {import("./view/services.js").Services} */
const services = {
  link,
  clock,
  announcer,
  api: new Api(csrfToken),
  shortcuts,
  tab: new TabFace(document),
  mayAct: document.body.dataset.role !== "viewer",
  mayDelete: document.body.dataset.role === "admin",
};

new ThemeSwitch(/** @type {HTMLSelectElement} */ (part("theme"))).connect();
new ConnectionWords(link, part("connection"), part("banner")).connect();
clock.connect();
announcer.connect();
shortcuts.connect();
document.getElementById("plain")?.remove();
for (const button of document.querySelectorAll("#keys")) {
  button.addEventListener("click", shortcuts.list);
  button.removeAttribute("hidden");
}
render(
  html`<${ServicesContext.Provider} value=${services}>${pageOf(document.body.dataset)}
    <${ShortcutsDialog} /><//>`,
  part("app"),
);
link.connect();
