/** One argument of a parent as a form field, with its hint and its problem. */

import { html } from "htm/preact";
import { rowCount, rowFields, withoutRow, withRow } from "../model/draft.js";
import { Dotted } from "./dotted.js";
import { Icon } from "./icons.js";

/** @typedef {import("../model/schema.js").Field} Field */
/** @typedef {import("../model/draft.js").Draft} Draft */

/**
 * @typedef {object} FieldProps
 * @property {Field} field
 * @property {Draft} draft
 * @property {Record<string, string>} problems
 * @property {(edit: (draft: Draft) => Draft) => void} edit
 */

/** @param {FieldProps} props */
export function FormField(props) {
  if (props.field.kind === "object") return html`<${Group} ...${props} />`;
  if (props.field.kind === "records") return html`<${Records} ...${props} />`;
  return html`<${OneField} ...${props} />`;
}

/** @param {FieldProps} props */
function OneField({ field, draft, problems, edit }) {
  const id = `arg-${field.path}`;
  const problem = problems[field.path] ?? "";
  const described = [
    field.description && `${id}-about`,
    field.hint && `${id}-hint`,
    problem && `${id}-problem`,
  ]
    .filter(Boolean)
    .join(" ");
  const attributes = {
    id,
    name: field.path,
    "aria-describedby": described || undefined,
    "aria-invalid": problem ? "true" : undefined,
    "aria-required": field.required ? "true" : undefined,
  };
  const change = (/** @type {string|boolean} */ value) =>
    edit((before) => ({ ...before, [field.path]: value }));
  const wrong = problem ? "field-wrong" : "";
  return html`<div class=${`field ${wrong} ${field.kind === "boolean" ? "field-check" : ""}`}>
    <div class="field-label"><label for=${id}><${Dotted}
      name=${field.name} /></label>${field.required ? html`<span
      class="required">required</span>` : null}
      <span class="field-hint" id=${`${id}-hint`}>${field.hint}</span></div>
    ${field.title || field.description ? html`<p class="field-about" id=${`${id}-about`}>
      ${[field.title, field.description].filter(Boolean).join(": ")}</p>` : null}
    <${Input} field=${field} value=${draft[field.path]} attributes=${attributes}
      change=${change} />
    ${problem ? html`<p class="field-problem" id=${`${id}-problem`}>${problem}</p>` : null}
  </div>`;
}

/** @param {FieldProps} props */
function Group({ field, draft, problems, edit }) {
  return html`<fieldset class="group">
    <legend>${field.name}</legend>
    <${About} field=${field} problem=${problems[field.path]} />
    ${field.fields.map((inner) => html`<${FormField} key=${inner.path} field=${inner} draft=${draft}
      problems=${problems} edit=${edit} />`)}
  </fieldset>`;
}

/** @param {{field: Field, problem: string|undefined}} props */
function About({ field, problem }) {
  return html`${field.description ? html`<p class="field-about">${field.description}</p>` : null}
    ${problem ? html`<p class="field-problem">${problem}</p>` : null}`;
}

/** A list of objects, each a group of its own. @param {FieldProps} props */
function Records({ field, draft, problems, edit }) {
  const rows = Array.from({ length: rowCount(field, draft) }, (_, row) => row);
  return html`<fieldset class="group">
    <legend>${field.name}</legend>
    <${About} field=${field} problem=${problems[field.path]} />
    ${rows.map(
      (row) => html`<fieldset key=${row} class="group group-row">
        <legend>${field.name} ${row + 1}</legend>
        <button type="button" class="step-button group-remove" title="Remove"
          aria-label=${`Remove ${field.name} ${row + 1}`}
          onClick=${() => edit((before) => withoutRow(field, before, row))}>
          <${Icon} shape="close" /></button>
        ${rowFields(field, row).map((inner) => html`<${FormField} key=${inner.path} field=${inner}
          draft=${draft} problems=${problems} edit=${edit} />`)}
      </fieldset>`,
    )}
    <div><button type="button" class="button small" onClick=${() =>
      edit((before) => withRow(field, before))}><${Icon} shape="plus" /> Add ${field.name}</button>
    </div>
  </fieldset>`;
}

/** @typedef {{currentTarget: HTMLInputElement & HTMLSelectElement & HTMLTextAreaElement}} Typed */

/**
 * @typedef {object} InputProps
 * @property {Field} field
 * @property {string|boolean|undefined} value
 * @property {object} attributes
 * @property {(value: string|boolean) => void} change
 */

const TIME_INPUTS = { date: "date", datetime: "datetime-local", time: "time" };

/** @param {InputProps} props */
function Input({ field, value, attributes, change }) {
  const onInput = (/** @type {Typed} */ event) => change(event.currentTarget.value);
  switch (field.kind) {
    case "boolean":
      return html`<input type="checkbox" ...${attributes} checked=${value === true}
        onChange=${(/** @type {Typed} */ event) => change(event.currentTarget.checked)} />`;
    case "enum":
      return html`<select ...${attributes} value=${value} onChange=${onInput}><${Choices}
        field=${field} /></select>`;
    case "json":
    case "list":
      return html`<textarea ...${attributes} rows=${field.kind === "json" ? 4 : 3}
        spellcheck=${false} class="mono" value=${value} onInput=${onInput}></textarea>`;
    case "secret":
      return html`<input type="password" autocomplete="new-password" ...${attributes} value=${value}
        onInput=${onInput} />`;
    case "date":
    case "datetime":
    case "time":
      return html`<input type=${TIME_INPUTS[field.kind]} ...${attributes}
        step=${field.kind === "date" ? undefined : 1} value=${value} onInput=${onInput} />`;
    default:
      return html`<input type="text" inputmode=${keyboardOf(field)} autocomplete="off"
        ...${attributes} value=${value} onInput=${onInput} />`;
  }
}

/**
 * Text with a numeric keyboard: number inputs swallow what they don't understand and change by the
 * wheel.
 * @param {Field} field
 */
function keyboardOf(field) {
  if (field.kind === "integer") return "numeric";
  return field.kind === "number" ? "decimal" : "text";
}

/** @param {{field: Field}} props */
function Choices({ field }) {
  const optional = !field.required || field.default === undefined;
  return html`${optional ? html`<option value="">
    ${field.required ? "Choose…" : "–"}</option>` : null}
    ${field.choices.map((choice) => html`<option key=${JSON.stringify(choice)}
      value=${JSON.stringify(choice)}>
      ${typeof choice === "string" ? choice : JSON.stringify(choice)}</option>`)}`;
}
