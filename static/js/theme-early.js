// Runs before the first paint, as a plain script, so that a chosen theme does not flash.
try {
  const chosen = localStorage.getItem("inception-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden; the system's theme holds then.
}
