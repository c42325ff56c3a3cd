/* Draws a case's process with bpmn-js and marks where it stands. The list beside the map says the same in words.

   The page holds <div id="map" data-xml="address of the diagram" data-viewer="address of bpmn-js"> and a block
   <script type="application/json" id="map-state"> with {done: [ids], flows: [ids], here: [{id, label}]}; ids the
   diagram does not draw are left out. Drawing takes longer than everything else on the page, so it waits until the map
   comes into view, or until the page has stood for a while, so that whoever prints it finds it drawn. Until then the
   box says where the same stands in words; where it cannot be drawn, these are opened. */
(() => {
  const box = document.getElementById("map");
  if (!box) return;
  const PATIENCE = 3000;
  const state = JSON.parse(document.getElementById("map-state").textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let viewer = null;

  function tag(look, icon, words) {
    const mark = document.createElement("div");
    mark.className = look;
    const picture = document.createElement("i");
    picture.className = `ti ti-${icon}`;
    mark.append(picture, ...(words ? [words] : []));
    return mark;
  }

  function mark() {
    const canvas = viewer.get("canvas");
    const overlays = viewer.get("overlays");
    const drawn = (id) => viewer.get("elementRegistry").get(id);
    state.done.filter(drawn).forEach((id) => {
      canvas.addMarker(id, "km-n-done");
      overlays.add(id, { position: { top: -8, right: 10 }, html: tag("km-tick", "check") });
    });
    state.flows.filter(drawn).forEach((id) => canvas.addMarker(id, "km-f-done"));
    state.here.filter(({ id }) => drawn(id)).forEach(({ id, label }) => {
      canvas.addMarker(id, "km-n-here");
      overlays.add(id, { position: { top: -14, left: 8 }, html: tag("km-token", "map-pin", label || box.dataset.here) });
    });
  }

  /* A narrow screen starts at the token, readable, instead of with the whole shrunken. */
  function look() {
    const canvas = viewer.get("canvas");
    const first = state.here.map(({ id }) => viewer.get("elementRegistry").get(id)).find(Boolean);
    canvas.zoom("fit-viewport", "auto");
    if (first && canvas.zoom() < 0.6) {
      const scale = 0.8;
      const width = box.clientWidth / scale, height = box.clientHeight / scale;
      canvas.viewbox({ x: first.x + first.width / 2 - width / 2, y: first.y + first.height / 2 - height / 2, width, height });
    }
  }

  async function draw(xml) {
    viewer?.destroy();
    box.replaceChildren();
    viewer = new window.BpmnJS({
      container: box,
      zoomScroll: { enabled: false },
      textRenderer: { defaultStyle: { fontSize: 14, lineHeight: 1.3 }, externalStyle: { fontSize: 13 } },
      bpmnRenderer: {
        defaultFillColor: colour("--km-surface"),
        defaultStrokeColor: colour("--km-control"),
        defaultLabelColor: colour("--km-ink"),
      },
    });
    await viewer.importXML(xml);
    mark();
    look();
    box.dataset.drawn = "yes";
  }

  function load(address) {
    return new Promise((loaded, failed) => {
      const script = document.createElement("script");
      Object.assign(script, { src: address, onload: loaded, onerror: failed });
      document.head.append(script);
    });
  }

  async function start() {
    const [answer] = await Promise.all([fetch(box.dataset.xml, { credentials: "same-origin" }), load(box.dataset.viewer)]);
    if (!answer.ok) throw new Error(`the diagram was answered with ${answer.status}`);
    const xml = await answer.text();
    await draw(xml);
    document.querySelectorAll("[data-km-map]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => {
        if (button.dataset.kmMap === "all") viewer.get("canvas").zoom("fit-viewport", "auto");
        else viewer.get("zoomScroll").stepZoom(button.dataset.kmMap === "in" ? 1 : -1);
      });
    });
    document.addEventListener("km:theme", () => draw(xml));
  }

  const seen = new Promise((known) => {
    new IntersectionObserver((entries, watch) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      known();
    }).observe(box);
  });
  const stood = new Promise((known) => { addEventListener("load", () => setTimeout(known, PATIENCE)); });
  Promise.race([seen, stood]).then(start).catch((fault) => {
    console.error(fault);
    box.nextElementSibling.open = true;
  });
})();
