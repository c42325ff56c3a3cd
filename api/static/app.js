/* What the pages gain from a script. Every page works without it: forms post, links lead on, details open. */
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const say = (text) => { document.getElementById("km-live").textContent = text; };

  function offerTheme(button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      try { localStorage.setItem("km-theme", root.dataset.bsTheme); } catch { /* The choice then lasts for this page. */ }
      document.dispatchEvent(new Event("km:theme"));
    });
  }

  /* The account menu closes as menus do: on Escape, and on a click elsewhere. */
  function closeMenus(event) {
    all("details.km-menu[open]").forEach((menu) => {
      if (event.type === "click" && menu.contains(event.target)) return;
      if (event.type === "keydown" && event.key !== "Escape") return;
      menu.open = false;
      if (event.type === "keydown") menu.querySelector("summary").focus();
    });
  }

  function count(area) {
    const out = document.getElementById(area.dataset.kmCount);
    const show = () => { out.textContent = `${area.value.length} / ${area.maxLength}`; };
    area.addEventListener("input", show);
    show();
  }

  function given(form, name) {
    return all(`[name="${CSS.escape(name)}"]`, form)
      .filter((input) => !input.matches("[type=radio], [type=checkbox]") || input.checked)
      .map((input) => input.value);
  }

  /* A field that depends on other answers is shown when they call for it; hidden, it is not sent. */
  function follow(form) {
    const update = () => all("[data-km-when]", form).forEach((field) => {
      const applies = JSON.parse(field.dataset.kmWhen)
        .every(([name, answers]) => given(form, name).some((answer) => answers.includes(answer)));
      field.hidden = !applies;
      all("input, select, textarea", field).forEach((input) => { input.disabled = !applies; });
      all(".km-when", field).forEach((hint) => { hint.hidden = true; });
    });
    form.addEventListener("change", update);
    update();
  }

  function copy(button) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.kmCopy).textContent.trim());
      say(button.dataset.kmSay);
    });
  }

  function reveal(button) {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    });
  }

  /* A form is sent once: its buttons rest until the answer has come. The pressed button's name must still be sent,
     so they are put out of use only after the browser has collected the form. */
  function sendOnce(form) {
    form.addEventListener("submit", () => setTimeout(() => {
      all("button[type=submit]", form).forEach((button) => { button.disabled = true; });
    }));
  }

  function furnish(part) {
    all("[data-km-count]", part).forEach(count);
    all("form", part).filter((form) => form.querySelector("[data-km-when], template")).forEach(follow);
    all("[data-km-copy]", part).forEach(copy);
    all("[data-km=reveal]", part).forEach(reveal);
    all(".km-form", part).forEach(sendOnce);
    all("[data-km-focus]", part).forEach((summary) => summary.focus());
  }

  all("[data-km=theme]").forEach(offerTheme);
  document.addEventListener("click", closeMenus);
  document.addEventListener("keydown", closeMenus);
  furnish(document);

  /* A row that has come to a form is furnished as the form was. */
  document.addEventListener("km:added", ({ detail: row }) => {
    furnish(row);
    row.closest("form").dispatchEvent(new Event("change"));
  });

  /* A page fetched again from the browser's memory has its buttons back. */
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) all(".km-form button[type=submit]").forEach((button) => { button.disabled = false; });
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    furnish(event.detail.elt);
    const words = event.detail.elt.dataset.kmSay;
    if (words) say(words);
  });
})();
