/** Says in the header, in the banner and on <html> how the connection is. */

import { effect } from "@preact/signals";
import { formatTime } from "../model/format.js";

/** How long (ms) "Caught up" stays before the plain "Live" returns. */
const NEWS_FOR = 5_000;

const WORDS = { live: "Live", behind: "Catching up…", lost: "Connection lost" };

/** Our connection stands, but the server's own to Redis does not. */
const DEAF = "Server cut off";

export class ConnectionWords {
  /**
   * @param {import("./link.js").Link} link
   * @param {HTMLElement} pill
   * @param {HTMLElement} banner
   */
  constructor(link, pill, banner) {
    this.link = link;
    this.pill = pill;
    this.banner = banner;
    this.hurry = this.hurry.bind(this);
  }

  connect() {
    this.stopPill = effect(() => this.drawPill());
    this.stopBanner = effect(() => this.drawBanner());
    this.stopNews = effect(() => this.forgetNews());
  }

  disconnect() {
    this.stopPill?.();
    this.stopBanner?.();
    this.stopNews?.();
    clearTimeout(this.forgetting);
  }

  drawPill() {
    const state = this.link.state.value;
    document.documentElement.dataset.connection = state;
    this.pill.textContent = this.link.everUp.value ? this.words(state) : "Connecting…";
  }

  /** @param {import("../model/types.js").Connection} state */
  words(state) {
    if (state === "live" && this.link.news.value) return this.link.news.value;
    return this.link.deaf.value ? DEAF : WORDS[state];
  }

  drawBanner() {
    const lost = this.link.state.value === "lost";
    this.banner.hidden = !lost;
    this.banner.replaceChildren(...(lost ? this.bannerParts() : []));
  }

  /** @returns {HTMLElement[]} */
  bannerParts() {
    const text = document.createElement("p");
    const refusal = this.link.refusal.value;
    text.textContent = refusal
      ? `The server refused the live connection: ${refusal}`
      : `${this.whatIsLost()} What you see is ${this.howOld()}; it catches up by itself.`;
    if (refusal) return [text, signInLink()];
    return this.link.deaf.value ? [text] : [text, this.hurryButton()];
  }

  whatIsLost() {
    return this.link.deaf.value
      ? "The server has lost its own connection to Redis."
      : "The live connection is lost.";
  }

  howOld() {
    const { asOf } = this.link;
    return asOf ? `as of ${formatTime(asOf)}` : "what the server sent first";
  }

  /** @returns {HTMLElement} */
  hurryButton() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.textContent = "Reconnect now";
    button.addEventListener("click", this.hurry);
    return button;
  }

  hurry() {
    this.link.hurry();
  }

  forgetNews() {
    if (!this.link.news.value) return;
    clearTimeout(this.forgetting);
    this.forgetting = setTimeout(() => {
      this.link.news.value = "";
    }, NEWS_FOR);
  }
}

/** @returns {HTMLElement} */
function signInLink() {
  const link = document.createElement("a");
  link.href = `/signin?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.className = "button small";
  link.textContent = "Sign in";
  return link;
}
