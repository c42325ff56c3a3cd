/* Sets light or dark before the page is drawn: the stored choice, else what the system prefers. */
(() => {
  const stored = () => { try { return localStorage.getItem("km-theme"); } catch { return null; } };
  const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.bsTheme = stored() || preferred;
})();
