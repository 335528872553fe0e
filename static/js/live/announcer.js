/** Tells screen readers of state changes, and of nothing else, at most once in a while. */

/** Milliseconds (ms) between two announcements. */
const PERIOD = 2_000;

export class Announcer {
  /** @param {HTMLElement} region  with aria-live="polite" */
  constructor(region) {
    this.region = region;
    /** What is to be said, by what it is about, the newest of each. @type {Map<string, string>} */
    this.waiting = new Map();
    this.speak = this.speak.bind(this);
  }

  connect() {
    this.timer = setInterval(this.speak, PERIOD);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  /**
   * Of several sentences about the same within a while only the last is said: it is what holds.
   * @param {string} sentence @param {string} about
   */
  say(sentence, about) {
    this.waiting.delete(about); // what is newer is said later
    this.waiting.set(about, sentence);
  }

  speak() {
    if (!this.waiting.size) return;
    this.region.textContent = [...this.waiting.values()].join(" ");
    this.waiting.clear();
  }
}
