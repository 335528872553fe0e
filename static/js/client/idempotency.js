/** Keys by which the server knows a repeated start. */

/** Browsers offer `randomUUID` only on secure origins; random bytes serve everywhere. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
