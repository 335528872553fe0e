/** Tells screen readers of state changes, and of nothing else, at most once in a while. */

/** Milliseconds (ms) between two announcements. */
const PERIOD = 2_000;

/** More changes than this in one period are only counted. */
const MOST_NAMED = 3;

export class Announcer {
  /** @param {HTMLElement} region  with aria-live="polite" */
  constructor(region) {
    this.region = region;
    /** @type {string[]} */
    this.waiting = [];
    this.speak = this.speak.bind(this);
  }

  connect() {
    this.timer = setInterval(this.speak, PERIOD);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  /** @param {string} sentence */
  say(sentence) {
    this.waiting.push(sentence);
  }

  speak() {
    if (!this.waiting.length) return;
    const many = this.waiting.length > MOST_NAMED;
    this.region.textContent = many
      ? `${this.waiting.length} tasks changed their state.`
      : this.waiting.join(" ");
    this.waiting = [];
  }
}
