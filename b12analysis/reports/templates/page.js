"use strict";
// Draws each figure from the JSON beside it, in the reader's palette; again when palette, width or medium changes.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = window.matchMedia("print");
  const PAPER = { width: 640, height: 860 }; // what fits between the margins of A4 and of Letter, in CSS pixels
  const CONFIG = { displayModeBar: false };
  const palette = JSON.parse(document.getElementById("dark-palette").textContent);
  const figures = [...document.querySelectorAll("figure[data-figure]")];
  let printing = paper.matches;

  // Plotly's script, where it is inside the page: unpacked and added as an inline script, whose hash the policy lists.
  async function unpack() {
    const store = document.getElementById("plotly-packed");
    if (!store || window.Plotly) return;
    const script = document.createElement("script");
    script.textContent = await unpacked(store.textContent, "the script that draws");
    document.head.append(script);
    store.remove();
  }

  async function unpacked(text, what) {
    if (!window.DecompressionStream) throw new Error(`this browser is too old to unpack ${what}`);
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  // The JSON of a figure; one with choices is packed.
  const texts = new Map();
  async function textOf(figure) {
    const { type, textContent } = figure.querySelector("script");
    if (type === "application/json") return textContent;
    if (!texts.has(figure)) texts.set(figure, await unpacked(textContent, "the figure"));
    return texts.get(figure);
  }

  function recoloured(text) {
    if (!dark.matches || printing) return text;
    const colours = Object.keys(palette).sort((a, b) => b.length - a.length).map((c) => c.replace(/[()]/g, "\\$&"));
    return text.replace(new RegExp(colours.join("|"), "gi"), (c) => palette[c] ?? palette[c.toUpperCase()] ?? palette[c.toLowerCase()]);
  }

  const pen = document.createElement("canvas").getContext("2d");
  function cut(text, width) {
    if (pen.measureText(text).width <= width) return text;
    let kept = text;
    while (kept && pen.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
    return `${kept.trimEnd()}…`;
  }

  // Words of a text on at most so many lines; the last is cut.
  function wrapped(text, width, most) {
    const rows = [""];
    for (const word of text.split(" ")) {
      const longer = `${rows.at(-1)} ${word}`.trim();
      if (rows.length === most || pen.measureText(longer).width <= width) rows[rows.length - 1] = longer;
      else rows.push(word);
    }
    return [...rows.slice(0, -1), cut(rows.at(-1), width)];
  }

  // Labels stand above their marks, on as many lines as the width asks for; the rows move apart to make room.
  function label(drawing, width) {
    const { template = {}, annotations = [] } = drawing.layout;
    const labels = annotations.filter((n) => n.xref === "paper" && n.x === 0 && n.yref !== "paper");
    let lines = 1;
    for (const note of labels) {
      pen.font = `${note.font?.size ?? 12}px ${template.layout?.font?.family ?? "sans-serif"}`;
      const [, words, open, detail] = note.text.match(/^(.*?)(?:\s*(<span[^>]*>)(.*)<\/span>)?$/);
      const plain = words.replace(/<[^>]*>/g, "");
      const rows = plain === words ? wrapped(words, width, 2) : [words];
      const last = wrapped(plain, width, 2).at(-1);
      if (detail && pen.measureText(`${last}  ${detail}`).width <= width) rows[rows.length - 1] += `  ${open}${detail}</span>`;
      else if (detail) rows.push(...wrapped(detail, width, 2).map((row) => `${open}${row}</span>`));
      note.text = rows.join("<br>");
      lines = Math.max(lines, rows.length);
    }
    return 16 * (lines - 1) * labels.length;
  }

  // Where there is room, a figure may have another layout: small multiples side by side.
  function widened(layout, width) {
    const { wide } = layout.meta ?? {};
    if (!wide || width < wide.from) return;
    for (const [name, value] of Object.entries(wide.layout)) layout[name] = value?.constructor === Object ? { ...layout[name], ...value } : value;
  }

  // What a reader chose in the lists above a figure. Traces, rows and sentences name the keys that they belong to.
  const listsOf = (figure) => [...figure.parentElement.querySelectorAll(".picks select")];
  const chosenIn = (figure) => listsOf(figure).map((list) => list.value);
  const holds = (place, chosen) => place.every((key, n) => key === null || key === chosen[n]);
  const visible = (traces, chosen) => traces.map(({ meta, visible: own }) => (meta ? holds(meta, chosen) : own ?? true));

  // The axes hold the range of all choices, so that choices can be compared by eye.
  const ranges = new Map();
  async function hold(figure, drawing) {
    const place = figure.querySelector(".drawing");
    if (!ranges.has(figure)) {
      await Plotly.react(place, drawing.data, structuredClone(drawing.layout), CONFIG);
      ranges.set(figure, Object.entries(place.layout).filter(([name]) => /^[xy]axis/.test(name)).map(([name, axis]) => [name, axis.range]));
    }
    for (const [name, range] of ranges.get(figure)) drawing.layout[name] = { ...drawing.layout[name], range, autorange: false };
    const shown = visible(drawing.data, chosenIn(figure));
    drawing.data.forEach((trace, n) => { trace.visible = shown[n]; });
  }

  function choose(figure) {
    const chosen = chosenIn(figure);
    for (const part of figure.parentElement.querySelectorAll("[data-pick]")) part.hidden = !holds(JSON.parse(part.dataset.pick), chosen);
    const place = figure.querySelector(".drawing");
    const said = figure.parentElement.querySelector(".said p:not([hidden])")?.textContent ?? "";
    const words = listsOf(figure).map((list) => list.selectedOptions[0].text).join(", ");
    if (place.hasAttribute("aria-label")) place.setAttribute("aria-label", `${labels.get(figure)} Chosen: ${words}. ${said}`);
    if (figure.dataset.drawn) Plotly.restyle(place, { visible: visible(place.data, chosen) });
  }

  const labels = new Map();
  for (const figure of figures.filter((each) => listsOf(each).length)) {
    labels.set(figure, figure.querySelector(".drawing").getAttribute("aria-label"));
    listsOf(figure).forEach((list) => list.addEventListener("change", () => choose(figure)));
    figure.parentElement.querySelector(".picks").hidden = false;
    choose(figure);
  }

  async function draw(figure) {
    try {
      await drawn(figure, JSON.parse(recoloured(await textOf(figure))));
      figure.dataset.drawn = "yes";
    } catch (error) {
      apologise(figure, error.message);
    }
  }

  async function drawn(figure, drawing) {
    const place = figure.querySelector(".drawing");
    const margin = { l: 80, r: 80, ...drawing.layout.template?.layout?.margin, ...drawing.layout.margin };
    place.style.zoom = 1;
    const width = printing ? PAPER.width : place.clientWidth;
    widened(drawing.layout, width);
    drawing.layout.height = (drawing.layout.height ?? 450) + label(drawing, width - margin.l - margin.r);
    drawing.layout.width = width;
    place.style.height = `${drawing.layout.height}px`;
    if (printing) place.style.zoom = Math.min(1, PAPER.height / drawing.layout.height);
    if (labels.has(figure)) await hold(figure, drawing);
    await Plotly.react(place, drawing.data, drawing.layout, CONFIG);
  }

  function apologise(figure, reason) {
    const place = figure.querySelector(".drawing");
    place.removeAttribute("role");
    place.removeAttribute("aria-label");
    place.style.height = "auto";
    place.textContent = `Not drawn: ${reason}. Its data and a description in words are below.`;
    figure.parentElement.querySelector("details")?.setAttribute("open", "");
  }

  const drawAll = () => { if (window.Plotly) figures.forEach(draw); };
  let drawnAt = 0;
  function redrawIfWidthChanged([{ contentRect }]) {
    const { width } = contentRect;
    if (width === 0) return; // hidden for a moment
    if (!printing && drawnAt && drawnAt !== width) drawAll();
    drawnAt = width;
  }

  // On paper: the light palette, the paper's width, every fold open; afterwards as the reader had it.
  const folds = [...document.querySelectorAll("details")];
  let closed = [];
  function print(now) {
    if (now === printing) return;
    printing = now;
    if (now) closed = folds.filter((fold) => !fold.open);
    for (const fold of closed) fold.open = now;
    drawAll();
  }

  // A table that is wider than its place says so, and only then takes the focus, to be scrolled by the keyboard.
  function hint(region) {
    const isWide = region.scrollWidth > region.clientWidth + 1;
    region.classList.toggle("wide", isWide);
    if (isWide) region.tabIndex = 0;
    else region.removeAttribute("tabindex");
  }
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => hint(entry.target)));
  document.querySelectorAll(".scroll, pre").forEach((region) => watch.observe(region));

  async function start() {
    try {
      await unpack();
      if (!window.Plotly) throw new Error("the script plotly-….min.js is not in the folder of this page");
    } catch (error) {
      figures.forEach((figure) => apologise(figure, error.message));
    }
    drawAll();
    dark.addEventListener("change", drawAll);
    new ResizeObserver(redrawIfWidthChanged).observe(document.querySelector("main"));
    paper.addEventListener("change", () => print(paper.matches));
    window.addEventListener("beforeprint", () => print(true));
    window.addEventListener("afterprint", () => setTimeout(() => print(false))); // once the screen's layout is back
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
