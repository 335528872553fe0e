// Stands in the page itself, before everything else: neither a chosen theme may flash nor what the
// page holds for browsers without scripts, and it is here when a file that is loaded fails to come.
// A live page's connection is opened here too: that takes its time while the modules come.
(() => {
  /** In the session's storage: when this tab loaded a page again by itself, in ms. */
  const KEPT = "inception-reloads";

  /** So often within so many ms; what fails more often than that is not a matter of a moment. */
  const MOST = 3;
  const WITHIN = 60_000;

  /** Seconds (s) between two looks at whether the server is there, at most. */
  const LONGEST = 15;

  const root = document.documentElement;
  root.dataset.scripts = "on";
  try {
    const chosen = localStorage.getItem("inception-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden; the system's theme holds then.
  }

  /** @type {typeof globalThis & {earlySocket?: {socket: WebSocket, heard: string[]}}} */
  const page = globalThis;
  if (root.dataset.connection) connect();

  /** As socket.io-client will do it; `live/early-socket.js` takes it over. */
  function connect() {
    const server = location.origin.replace(/^http/, "ws");
    const socket = new WebSocket(`${server}/socket.io/?EIO=4&transport=websocket`);
    /** @type {string[]} */
    const heard = [];
    socket.onmessage = ({ data }) => heard.push(data);
    page.earlySocket = { socket, heard };
  }

  let hasFailed = false;

  /** A script or style sheet of this page did not come. */
  function fail() {
    if (hasFailed) return;
    hasFailed = true;
    page.earlySocket?.socket.close();
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", show);
    else show();
  }

  /** Say so, show what the page holds without scripts, and go on by itself where that may help. */
  function show() {
    const again = mayLoadAgain();
    root.dataset.scripts = "failed";
    root.dataset.connection = "lost";
    const pill = document.getElementById("connection");
    if (pill) pill.textContent = "Not loaded";
    const text = document.createElement("p");
    const seen = document.getElementById("plain") ? "what the server sent first" : "as it was just now";
    text.textContent = `A part of this page did not load. What you see is ${seen}${
      again ? "; the page loads again as soon as it can." : ", and does not move."
    }`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.textContent = "Load again";
    button.addEventListener("click", () => location.reload());
    const banner = document.getElementById("banner");
    banner?.replaceChildren(text, button);
    banner?.removeAttribute("hidden");
    if (again) void loadAgain(1);
  }

  /** Whether it was not tried often lately. Without storage nobody could tell. */
  function mayLoadAgain() {
    try {
      return lately().length < MOST;
    } catch {
      return false;
    }
  }

  /** @returns {number[]} */
  function lately() {
    const all = /** @type {number[]} */ (JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));
    return all.filter((at) => Math.abs(Date.now() - at) < WITHIN);
  }

  /**
   * Once the server answers, unless somebody has begun to type here.
   * @param {number} seconds  until the first look
   */
  async function loadAgain(seconds) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
    if (!answer?.ok || hasBeenFilledIn()) return void loadAgain(Math.min(LONGEST, seconds * 2));
    sessionStorage.setItem(KEPT, JSON.stringify([...lately(), Date.now()]));
    location.reload();
  }

  /** Whether a field of the page's content holds anything else than what the server wrote there. */
  function hasBeenFilledIn() {
    /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>} */
    const fields = document.querySelectorAll("main :is(input, textarea, select)");
    return [...fields].some(isChanged);
  }

  /** @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} field */
  function isChanged(field) {
    if (field instanceof HTMLSelectElement) {
      const options = [...field.options];
      const first = options.findIndex((option) => option.defaultSelected);
      // With none marked, the browser shows the first of a list that drops down.
      return field.multiple
        ? options.some((option) => option.selected !== option.defaultSelected)
        : field.selectedIndex !== Math.max(0, first);
    }
    const ticked = field instanceof HTMLInputElement && field.checked !== field.defaultChecked;
    return ticked || field.value !== field.defaultValue;
  }

  addEventListener(
    "error",
    ({ target }) => {
      const isSheet = target instanceof HTMLLinkElement && target.rel === "stylesheet";
      if (isSheet || target instanceof HTMLScriptElement) fail();
    },
    true,
  );
  addEventListener("loadfailed", fail);
})();
