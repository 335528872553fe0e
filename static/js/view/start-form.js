/** The arguments of one parent, and the button that starts it. */

import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { newKey } from "../client/idempotency.js";
import { KeptForm, recallForm } from "../live/kept-forms.js";
import { shortName } from "../model/format.js";
import { argumentsOf, draftOf } from "../model/draft.js";
import { assignProblems, standing } from "../model/field-problems.js";
import { keepable, restored } from "../model/kept-draft.js";
import { fieldsOf } from "../model/schema.js";
import { tagsIn } from "../model/tags.js";
import { AGAIN, leaveFor, useDeed } from "./deed.js";
import { Dotted } from "./dotted.js";
import { FormField } from "./form-field.js";
import { LastArguments } from "./last-arguments.js";
import { useServices } from "./services.js";

/** @typedef {import("../model/types.js").Parent} Parent */
/** @typedef {import("../model/types.js").Run} Run */
/** @typedef {import("../model/types.js").FieldProblem} FieldProblem */
/** @typedef {import("../model/draft.js").Draft} Draft */
/** @typedef {{byField: Record<string, string>, others: string[]}} Problems */
/** What was wrong with what was sent. @typedef {Problems & {found: Draft}} Refusal */

/** @type {Refusal} */
const NO_PROBLEMS = { byField: {}, others: [], found: {} };

/**
 * @param {{parent: Parent, given?: Run, isGone: boolean}} props  given: what to begin with, a run of
 *   that parent; isGone: it was deleted meanwhile
 */
export function StartForm({ parent, given, isGone }) {
  const fields = useMemo(() => fieldsOf(parent.schema), [parent]);
  const { draft, setDraft, label, setLabel, tags, setTags } = useTyped(parent, fields, given);
  const { send, sending, refusal, problem } = useStart(parent, fields);
  const wrong = standing(refusal.byField, refusal.found, draft);
  const onSubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void send(draft, { label: label.trim(), tags: tagsIn(tags) });
  };
  const take = (/** @type {Record<string, unknown>} */ kwargs) => setDraft(draftOf(fields, kwargs));
  return html`<form class="card start-form" id="arguments" tabindex="-1" noValidate onSubmit=${onSubmit}>
    <${About} parent=${parent} />
    ${fields.length && !given ? html`<${LastArguments} parent=${parent} take=${take} />` : null}
    ${isGone ? html`<p class="problem">The run to begin with is gone, so these are not its
      arguments.</p>` : null}
    <${ProblemSummary} refusal=${refusal} wrong=${wrong} problem=${problem} />
    ${fields.map((field) => html`<${FormField} key=${field.path} field=${field} draft=${draft}
      problems=${wrong} edit=${setDraft} />`)}
    ${fields.length ? null : html`<p class="muted">It takes no arguments.</p>`}
    <div class="field-apart">
      <${Naming} id="run-label" name="Name of this run" hint="optional"
        longest=${200} value=${label} change=${setLabel} />
      <${Naming} id="run-tags" name="Tags" hint="separated by commas" value=${tags}
        change=${setTags} />
    </div>
    <div class="actions"><button type="submit" class="button primary" disabled=${sending}>
      ${sending ? "Starting…" : "Start run"}</button></div>
  </form>`;
}

/**
 * What is in the form: as it was left, where somebody comes back to it.
 * @param {Parent} parent @param {import("../model/schema.js").Field[]} fields
 * @param {Run} [given]
 */
function useTyped(parent, fields, given) {
  const { secretNames } = useServices();
  const first = useMemo(() => draftOf(fields, given && (given.kwargs ?? {})), []);
  const named = { label: given?.label ?? "", tags: given?.tags.join(", ") ?? "" };
  const kept = useMemo(() => recallForm(parent.name), []);
  const [draft, setDraft] = useState(() => restored(first, kept?.draft));
  const [label, setLabel] = useState(kept?.label ?? named.label);
  const [tags, setTags] = useState(kept?.tags ?? named.tags);
  const latest = useRef({ draft, label, tags });
  latest.current = { draft, label, tags };
  useEffect(() => {
    const form = new KeptForm(parent.name, () => {
      const typed = latest.current;
      const shown = keepable(fields, typed.draft, secretNames);
      const isTouched = Object.entries(shown).some(([path, value]) => first[path] !== value);
      const isRenamed = typed.label !== named.label || typed.tags !== named.tags;
      return isTouched || isRenamed ? { ...typed, draft: shown } : null;
    });
    form.connect();
    return () => form.disconnect();
  }, []);
  return { draft, setDraft, label, setLabel, tags, setTags };
}

/** @param {{parent: Parent}} props */
function About({ parent }) {
  return html`<header><h2><${Dotted} name=${shortName(parent.name)} /></h2>
    <p class="muted mono small wrap"><${Dotted} name=${parent.name} /></p>
    ${parent.doc ? html`<p class="doc">${parent.doc}</p>` : null}
    ${parent.steps?.length ? html`<ol class="steps" aria-label="Steps">
      ${parent.steps.map((step) => html`<li key=${step}>${step}</li>`)}</ol>` : null}
  </header>`;
}

/**
 * @typedef {object} NamingProps
 * @property {string} id
 * @property {string} name
 * @property {string} hint
 * @property {number} [longest]
 * @property {string} value
 * @property {(value: string) => void} change
 */

/** What the run is found by later. @param {NamingProps} props */
function Naming({ id, name, hint, longest, value, change }) {
  const onInput = (/** @type {{currentTarget: HTMLInputElement}} */ event) =>
    change(event.currentTarget.value);
  return html`<div class="field"><div class="field-label"><label for=${id}>${name}</label><span
      class="field-hint" id=${`${id}-hint`}>${hint}</span></div>
    <input id=${id} type="text" maxlength=${longest} autocomplete="off" value=${value}
      aria-describedby=${`${id}-hint`} onInput=${onInput} /></div>`;
}

/**
 * The focus goes to what is wrong once, when it was found.
 * @param {{refusal: Refusal, wrong: Record<string, string>, problem: string}} props  wrong: what of
 *   the refusal still is; problem: what else kept it from being started
 */
function ProblemSummary({ refusal, wrong, problem }) {
  const summary = useRef(/** @type {HTMLElement|null} */ (null));
  const fields = Object.keys(wrong);
  const others = [...refusal.others, ...(problem ? [problem] : [])];
  const any = fields.length + others.length > 0;
  useLayoutEffect(() => {
    const first = document.querySelector("[aria-invalid=true]");
    const isNew = any && problem !== AGAIN;
    if (isNew) (first instanceof HTMLElement ? first : summary.current)?.focus();
  }, [refusal, problem]);
  if (!any) return null;
  return html`<div class="problem" role="alert" tabindex="-1" ref=${summary}>
    ${fields.length ? html`<p>The run was not started: ${fields.join(", ")}
      ${fields.length === 1 ? " needs" : " need"} another value.</p>` : null}
    ${others.map((message) => html`<p key=${message} class="wrap">${message}</p>`)}
  </div>`;
}

/**
 * Sending, once at a time. The key stays the same until a start succeeded, so that a repeated
 * click after a lost answer finds the run instead of making another one.
 * @param {Parent} parent @param {import("../model/schema.js").Field[]} fields
 */
function useStart(parent, fields) {
  const { api } = useServices();
  const { busy, problem, attempt } = useDeed();
  const [refusal, setRefusal] = useState(NO_PROBLEMS);
  const order = useRef({ text: "", key: "" });
  const send = async (
    /** @type {Draft} */ draft,
    /** @type {{label: string, tags: string[]}} */ { label, tags },
  ) => {
    const read = argumentsOf(fields, draft);
    const refuse = (/** @type {Problems} */ problems) => setRefusal({ ...problems, found: draft });
    if (read.problems.length) return refuse(assignProblems(fields, read.problems));
    const naming = { ...(label ? { label } : {}), ...(tags.length ? { tags } : {}) };
    const body = { name: parent.name, kwargs: read.kwargs, ...naming };
    const text = JSON.stringify(body);
    if (order.current.text !== text) order.current = { text, key: newKey() };
    setRefusal(NO_PROBLEMS);
    await attempt(() =>
      api.start(body, order.current.key).then(
        (run) => leaveFor(`/runs/${run.id}`),
        (error) => {
          const wrong = error.problem?.fields;
          if (!wrong?.length) throw error;
          refuse(assignProblems(fields, wrong));
        },
      ),
    );
  };
  return { send, sending: busy, refusal, problem };
}
