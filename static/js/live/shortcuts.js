/** Hears single keys for the page that is open; can be switched off, and stays so. */

import { signal } from "@preact/signals";
import { shortcutOf } from "../model/shortcuts.js";
import { recall, remember } from "./preferences.js";

/** @typedef {import("../model/shortcuts.js").Shortcut} Shortcut */

export class Shortcuts {
  constructor() {
    this.on = signal(recall("shortcuts", "on") === "on");
    /** Whether the list of them is open. */
    this.listed = signal(false);
    this.onKeyDown = this.onKeyDown.bind(this);
    this.list = this.list.bind(this);
    /** @type {Shortcut} */
    this.help = { key: "?", does: "List these keys", act: this.list };
    /** @type {import("@preact/signals").Signal<readonly Shortcut[]>} */
    this.known = signal([this.help]);
  }

  connect() {
    document.addEventListener("keydown", this.onKeyDown);
  }

  disconnect() {
    document.removeEventListener("keydown", this.onKeyDown);
  }

  list() {
    this.listed.value = true;
  }

  /** What the open page offers; returns what takes it back. @param {readonly Shortcut[]} offered */
  offer(offered) {
    this.known.value = [...offered, this.help];
    return () => {
      this.known.value = [this.help];
    };
  }

  /** @param {boolean} on */
  turn(on) {
    this.on.value = on;
    remember("shortcuts", on ? "on" : "off");
  }

  /** @param {KeyboardEvent} event */
  onKeyDown(event) {
    if (!this.on.peek() || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const found = shortcutOf(event, focusedKind(document.activeElement), this.known.peek());
    if (!found) return;
    event.preventDefault();
    found.act();
  }
}

/**
 * What has the focus; nobody types into a box that is only ticked.
 * @param {Element|null} element
 */
function focusedKind(element) {
  const ticked = element instanceof HTMLInputElement && element.type === "checkbox";
  return ticked ? "CHECKBOX" : (element?.tagName ?? "BODY");
}
