/* The work list: selected rows, the bar of bulk actions, and single-key shortcuts that can be switched off. */
(() => {
  const list = document.querySelector(".km-worklist");
  if (!list) return;
  const rows = [...list.querySelectorAll("tbody tr")];
  const bar = document.querySelector(".km-bulk");
  const counter = document.getElementById("km-bulk-n");
  const keys = document.querySelector("[data-km=keys]");
  let here = 0;

  const box = (row) => row.querySelector("input[type=checkbox]");

  function paint() {
    const selected = rows.filter((row) => box(row)?.checked);
    rows.forEach((row, index) => {
      row.classList.toggle("is-selected", selected.includes(row));
      row.classList.toggle("is-cursor", index === here && enabled());
    });
    if (counter) counter.textContent = selected.length;
    if (bar) bar.hidden = selected.length === 0;
  }

  function enabled() {
    return keys?.getAttribute("aria-pressed") === "true";
  }

  const moves = {
    j: () => { here = Math.min(rows.length - 1, here + 1); },
    k: () => { here = Math.max(0, here - 1); },
    x: () => { const tick = box(rows[here]); if (tick) tick.checked = !tick.checked; },
    o: () => { rows[here].querySelector("a").click(); },
    "/": () => { document.getElementById("km-q")?.focus(); },
    "?": () => { document.getElementById("km-help")?.showModal(); },
  };

  function press(event) {
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
    if (event.ctrlKey || event.metaKey || event.altKey || typing || !enabled() || !rows.length) return;
    const move = moves[event.key.toLowerCase()];
    if (!move) return;
    event.preventDefault();
    move();
    paint();
    rows[here].scrollIntoView({ block: "nearest" });
  }

  function remember(on) {
    keys.setAttribute("aria-pressed", String(on));
    try { localStorage.setItem("km-keys", on ? "on" : "off"); } catch { /* The choice then lasts for this page. */ }
    paint();
  }

  list.addEventListener("change", (event) => {
    if (event.target.matches("thead input")) rows.forEach((row) => { if (box(row)) box(row).checked = event.target.checked; });
    paint();
  });
  document.addEventListener("keydown", press);
  if (keys) {
    keys.hidden = false;
    keys.addEventListener("click", () => remember(!enabled()));
    try { if (localStorage.getItem("km-keys") === "off") keys.setAttribute("aria-pressed", "false"); } catch { /* Shortcuts stay on. */ }
  }
  paint();
})();
