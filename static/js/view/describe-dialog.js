/** Gives a run another label and other tags. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { tagsIn } from "../model/tags.js";
import { ProblemNote } from "./blank.js";
import { useDeed } from "./deed.js";
import { Dialog } from "./dialog.js";
import { useServices } from "./services.js";

/** @typedef {import("../model/types.js").Run} Run */

const MOST_CHARACTERS = 200;

/**
 * @param {{run: Run, store: import("../live/run-store.js").RunStore, onClose: () => void}} props
 */
export function DescribeDialog({ run, store, onClose }) {
  const { api } = useServices();
  const [label, setLabel] = useState(run.label ?? "");
  const [tags, setTags] = useState(run.tags.join(", "));
  const { busy, problem, attempt } = useDeed();
  const save = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void attempt(async () => {
      store.offer(await api.describe(run.id, { label: label.trim() || null, tags: tagsIn(tags) }));
      onClose();
    });
  };
  return html`<${Dialog} title="Label and tags" onClose=${onClose}>
    <form onSubmit=${save}>
      <${TextField} name="label" words="Label" value=${label} set=${setLabel} />
      <${TextField} name="tags" words="Tags" hint="separated by commas" value=${tags}
        set=${setTags} />
      <${ProblemNote} text=${problem} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>Leave as it is</button>
        <button type="submit" class="button primary" disabled=${busy}>
          ${busy ? "Saving…" : "Save"}</button>
      </div>
    </form>
  <//>`;
}

/**
 * @param {{name: string, words: string, hint?: string, value: string,
 *   set: (text: string) => void}} props
 */
function TextField({ name, words, hint = "", value, set }) {
  const onInput = (/** @type {{currentTarget: HTMLInputElement}} */ event) =>
    set(event.currentTarget.value);
  return html`<div class="field">
    <label for=${`run-${name}`}>${words} ${hint ? html`<span class="muted">(${hint})</span>` : null}
    </label>
    <input id=${`run-${name}`} maxlength=${name === "label" ? MOST_CHARACTERS : 2_100}
      value=${value} onInput=${onInput} />
  </div>`;
}
