// Runs before the first paint, as a plain script, so that neither a chosen theme flashes nor what
// the page holds for browsers without scripts.
document.documentElement.dataset.scripts = "on";
try {
  const chosen = localStorage.getItem("inception-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden; the system's theme holds then.
}
