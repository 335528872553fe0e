/**
 * What was typed into start forms and not sent, kept with the entry of the browser's history: who
 * goes back to the page, loads it again, or looks at another parent meanwhile finds each form as it
 * was left; a form opened anew is empty. Nothing secret may be given here: browsers write to disk
 * what they keep with an entry.
 */

import { onLeaving } from "./leaving.js";

/**
 * @typedef {object} Typed
 * @property {import("../model/draft.js").Draft} draft
 * @property {string} label
 * @property {string} tags
 */

/** @param {string} name  of the parent @returns {Typed|undefined} */
export const recallForm = (name) => history.state?.forms?.[name];

export class KeptForm {
  /** @param {string} name  of the parent @param {() => Typed|null} look  null: nothing was typed */
  constructor(name, look) {
    this.name = name;
    this.look = look;
    this.keep = this.keep.bind(this);
  }

  connect() {
    this.stop = onLeaving(this.keep);
  }

  disconnect() {
    this.stop?.();
    this.keep();
  }

  keep() {
    const forms = { ...history.state?.forms };
    const typed = this.look();
    if (typed) forms[this.name] = typed;
    else delete forms[this.name];
    try {
      history.replaceState({ ...history.state, forms }, "");
    } catch {
      // Larger than this browser keeps: it is typed again then, as it was before.
    }
  }
}
