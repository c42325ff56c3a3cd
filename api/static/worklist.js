/* The work list: selected rows and how many they are, and single-key shortcuts that can be switched off. */
(() => {
  const list = document.querySelector(".km-worklist");
  const help = document.getElementById("km-help");
  const switcher = document.querySelector("[data-km=keys]");
  const rows = list ? [...list.querySelectorAll("tbody tr")] : [];
  const part = (name) => document.querySelector(`[data-km=${name}]`);
  const box = (row) => row.querySelector("input[type=checkbox]");
  let here = -1;

  function paint() {
    const selected = rows.filter((row) => box(row)?.checked);
    rows.forEach((row, index) => {
      row.classList.toggle("is-selected", selected.includes(row));
      row.classList.toggle("is-cursor", index === here && enabled());
    });
    if (!part("chosen")) return;
    document.getElementById("km-bulk-n").textContent = selected.length;
    part("chosen").hidden = selected.length === 0;
    part("hint").hidden = selected.length > 0;
  }

  function enabled() {
    return switcher.getAttribute("aria-pressed") === "true";
  }

  /* The cursor is where the focus is, so that it is heard as well as seen. */
  function go(index) {
    here = Math.max(0, Math.min(rows.length - 1, index));
    rows[here]?.querySelector("a").focus();
  }

  const moves = {
    j: () => go(here + 1),
    k: () => go(here - 1),
    x: () => { if (box(rows[here] ?? list)) box(rows[here]).checked = !box(rows[here]).checked; },
    o: () => { rows[here]?.querySelector("a").click(); },
    c: () => { rows[here]?.querySelector("[data-km=claim]")?.click(); },
    "/": () => { document.getElementById("km-q").focus(); },
    "?": () => { help.showModal(); },
  };

  function press(event) {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || typing || help.open || !enabled()) return;
    const key = event.key.toLowerCase();
    if (!Object.hasOwn(moves, key) || (key === "x" && here < 0)) return;
    event.preventDefault();
    moves[key]();
    paint();
  }

  function remember(on) {
    switcher.setAttribute("aria-pressed", String(on));
    document.querySelectorAll("[data-km-keys]").forEach((hint) => { hint.hidden = !on; });
    try { localStorage.setItem("km-keys", on ? "on" : "off"); } catch { /* The choice then lasts for this page. */ }
    paint();
  }

  function kept() {
    try { return localStorage.getItem("km-keys") !== "off"; } catch { return true; }
  }

  list?.addEventListener("change", (event) => {
    if (event.target.matches("thead input")) {
      rows.filter(box).forEach((row) => { box(row).checked = event.target.checked; });
    }
    paint();
  });
  list?.addEventListener("focusin", (event) => {
    here = rows.indexOf(event.target.closest("tbody tr"));
    paint();
  });
  document.addEventListener("keydown", press);
  switcher.hidden = false;
  switcher.addEventListener("click", () => remember(!enabled()));
  remember(kept());
  if (part("all")) part("all").hidden = false;
  /* A moment after the page has been read out, so that it is not swallowed. */
  if (list) setTimeout(() => { document.getElementById("km-live").textContent = list.dataset.kmSay; }, 300);
})();
