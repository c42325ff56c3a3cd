/* What long forms gain from a script: rows that come and go at once, and a draft that is saved while one writes. */
(() => {
  const AFTER = 3000, AGAIN = 10000;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /* Rows of a group. Their numbers only have to differ; the service counts the rows anew. */
  const rowsOf = (group) => all(":scope > .km-group-rows > .km-row", group);
  const numberOf = (row) => Number(row.dataset.kmRow.split("-").pop());

  function recount(group) {
    rowsOf(group).forEach((row, place) => {
      all("[data-km-counted]", row).forEach((shown) => { shown.textContent = place + 1; });
    });
    group.querySelector(":scope > button[name=add]").disabled = rowsOf(group).length >= Number(group.dataset.kmMost);
    group.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function add(group) {
    const next = Math.max(-1, ...rowsOf(group).map(numberOf)) + 1;
    const made = document.createElement("template");
    made.innerHTML = group.querySelector(":scope > template").innerHTML
      .replaceAll("__n__", next).replaceAll("__m__", rowsOf(group).length + 1);
    const row = made.content.querySelector(".km-row");
    group.querySelector(":scope > .km-group-rows").append(row);
    document.dispatchEvent(new CustomEvent("km:added", { detail: row }));
    recount(group);
    row.querySelector("input:not([type=hidden]), select, textarea").focus();
  }

  function remove(row) {
    const group = row.closest("[data-km-group]");
    row.remove();
    recount(group);
    group.querySelector(":scope > button[name=add]").focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-km-group] button[name=add], [data-km-group] button[name=remove]");
    if (!button) return;
    event.preventDefault();
    if (button.name === "add") add(button.closest("[data-km-group]"));
    else remove(button.closest(".km-row"));
  });

  /* The draft. What is sent is what the button “save” would send, without files, which are sent by their own button. */
  function keep(form) {
    const status = form.querySelector("[data-km-saved]");
    let timer = null, running = null, changed = false, leaving = false;

    /* Where two have written for one field, only the writer's own hand chooses which stands. */
    if (form.querySelector("[name=theirs]")) {
      status.textContent = status.dataset.refused;
      return;
    }

    function written() {
      const sent = new URLSearchParams();
      new FormData(form).forEach((value, name) => {
        if (typeof value === "string" && name !== "theirs" && !name.endsWith("-remove")) sent.append(name, value);
      });
      sent.set("draft", "1");
      return sent;
    }

    const later = (milliseconds) => { clearTimeout(timer); if (!leaving) timer = setTimeout(save, milliseconds); };

    async function send(how) {
      const body = written();
      changed = false;
      let answer;
      try {
        answer = await fetch(location.pathname, { method: "POST", body, headers: { Accept: "application/json" }, ...how });
      } catch {
        changed = true;
        status.textContent = status.dataset.offline;
        return later(AGAIN);
      }
      if (answer.status >= 500 || answer.status === 429) {
        changed = true;
        status.textContent = status.dataset.refused;
        return later(AGAIN);
      }
      if (!answer.ok || !(answer.headers.get("Content-Type") || "").startsWith("application/json")) {
        status.textContent = status.dataset.refused;
        return undefined;
      }
      return show(await answer.json());
    }

    function save(how) {
      clearTimeout(timer);
      if (running) return running.then(() => (changed ? save(how) : undefined));
      if (!changed) return Promise.resolve();
      status.textContent = status.dataset.saving;
      running = send(how).finally(() => { running = null; });
      return running;
    }

    function show(told) {
      form.elements.base.value = told.base;
      status.textContent = [told.saved, told.news].filter(Boolean).join(" · ");
      all(".km-soft", form).forEach((hint) => hint.remove());
      Object.entries(told.hints).forEach(([id, words]) => {
        const field = document.getElementById(id)?.closest(".km-field");
        if (!field || field.classList.contains("invalid")) return;
        const hint = document.createElement("p");
        hint.className = "km-hint km-soft";
        hint.textContent = words;
        field.append(hint);
      });
      told.sections.forEach(({ id, state, said }) => all(`[data-km-section="${id}"]`).forEach((item) => {
        item.dataset.state = state;
        item.querySelector("[data-km-count-of]").textContent = said;
      }));
      if (told.sections.length) {
        document.querySelector("[data-km-done]").textContent = told.done;
        document.querySelector(".km-progress progress").value = told.count;
      }
    }

    const touched = () => { changed = true; later(AFTER); };
    form.addEventListener("input", touched);
    form.addEventListener("change", touched);
    window.addEventListener("online", () => { if (changed) save(); });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && changed && !leaving) save({ keepalive: true });
    });

    /* Whoever sends the form waits for what is on its way, so that nobody meets their own words as somebody else's. */
    form.addEventListener("submit", (event) => {
      const enter = event.submitter?.matches(".visually-hidden");
      if (!enter && !running) { leaving = true; clearTimeout(timer); return; }
      event.preventDefault();
      event.stopImmediatePropagation();
      if (enter) { changed = true; save(); return; }
      leaving = true;
      clearTimeout(timer);
      running.finally(() => form.requestSubmit(event.submitter));
    }, { capture: true });
    window.addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
  }

  all("form[data-km-autosave]").forEach(keep);
})();
