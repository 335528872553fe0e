/** Entry of the live pages. It only wires: what a part does stands in its own module. */

import { effect } from "@preact/signals";
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
import { ServicesContext } from "./view/services.js";
import { later, loadLater } from "./view/later.js";

/** @param {string} id @returns {HTMLElement} */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * A page loads only its own modules; the server names them all at once in the import map. What asks
 * for the rows comes before what draws them.
 * @param {DOMStringMap} boot  what the server wrote on <body>
 */
async function pageOf(boot) {
  switch (boot.page) {
    case "run": {
      const { beginRun } = await import("./begin/run.js");
      const runId = boot.runId ?? "";
      const store = beginRun(services, runId);
      const { RunPage } = await import("./pages/run.js");
      return html`<${RunPage} runId=${runId} nodePath=${boot.nodePath || null} store=${store} />`;
    }
    case "start": {
      const { StartPage } = await import("./pages/start.js");
      return html`<${StartPage} name=${boot.name ?? ""} />`;
    }
    case "workers": {
      const { WorkersPage } = await import("./pages/workers.js");
      return html`<${WorkersPage} />`;
    }
    default: {
      const { beginRuns } = await import("./begin/runs.js");
      const begun = beginRuns(services);
      const { RunsPage } = await import("./pages/runs.js");
      return html`<${RunsPage} begun=${begun} />`;
    }
  }
}

const ShortcutsDialog = later(() =>
  import("./view/shortcuts-dialog.js").then((m) => m.ShortcutsDialog),
);

/** Milliseconds (ms) after the first news in which it is drawn: what can wait is loaded then. */
const FIRST_VIEW = 150;

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
  secretNames: (document.body.dataset.secretNames ?? "").split(" ").filter(Boolean),
};

new ThemeSwitch(/** @type {HTMLSelectElement} */ (part("theme"))).connect();
const words = new ConnectionWords(link, part("connection"), part("banner"));
words.connect();
clock.connect();
announcer.connect();
shortcuts.connect();
for (const button of document.querySelectorAll("#keys")) {
  button.addEventListener("click", shortcuts.list);
  button.removeAttribute("hidden");
}
link.connect();

/** The list of single keys, while it is open. */
function Keys() {
  return shortcuts.listed.value ? html`<${ShortcutsDialog} />` : null;
}

addEventListener("loadfailed", () => {
  words.disconnect();
  link.disconnect();
});
const page = await pageOf(document.body.dataset).catch((error) => {
  dispatchEvent(new Event("loadfailed"));
  throw error;
});
document.getElementById("plain")?.remove();
render(
  html`<${ServicesContext.Provider} value=${services}>${page}
    <${Keys} /><//>`,
  part("app"),
);
const stopWaiting = effect(() => {
  if (link.state.value !== "live") return;
  queueMicrotask(() => stopWaiting());
  setTimeout(loadLater, FIRST_VIEW);
});
