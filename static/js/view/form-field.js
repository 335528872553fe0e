/** One argument of a parent as a form field, with its hint and its problem. */

import { html } from "htm/preact";

/** @typedef {import("../model/schema.js").Field} Field */
/** @typedef {import("../model/schema.js").Draft} Draft */

/**
 * @typedef {object} FieldProps
 * @property {Field} field
 * @property {Draft} draft
 * @property {Record<string, string>} problems
 * @property {(path: string, value: string|boolean) => void} change
 */

/** @param {FieldProps} props */
export function FormField({ field, draft, problems, change }) {
  if (field.kind === "object")
    return html`<${Group} field=${field} draft=${draft} problems=${problems} change=${change} />`;
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
  return html`<div
    class=${`field ${problem ? "field-wrong" : ""} ${field.kind === "boolean" ? "field-check" : ""}`}>
    <div class="field-label"><label for=${id}>${field.name}</label>${field.required ? html`<span
      class="required">required</span>` : null}
      <span class="field-hint" id=${`${id}-hint`}>${field.hint}</span></div>
    ${field.title || field.description ? html`<p class="field-about" id=${`${id}-about`}>
      ${[field.title, field.description].filter(Boolean).join(": ")}</p>` : null}
    <${Input} field=${field} value=${draft[field.path]} attributes=${attributes}
      change=${(/** @type {string|boolean} */ value) => change(field.path, value)} />
    ${problem ? html`<p class="field-problem" id=${`${id}-problem`}>${problem}</p>` : null}
  </div>`;
}

/** @param {FieldProps} props */
function Group({ field, draft, problems, change }) {
  return html`<fieldset class="group">
    <legend>${field.name}</legend>
    ${field.description ? html`<p class="field-about">${field.description}</p>` : null}
    ${problems[field.path] ? html`<p class="field-problem">${problems[field.path]}</p>` : null}
    ${field.fields.map((inner) => html`<${FormField} key=${inner.path} field=${inner} draft=${draft}
      problems=${problems} change=${change} />`)}
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
