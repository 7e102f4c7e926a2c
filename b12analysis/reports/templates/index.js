"use strict";
// Makes the tables sortable and filterable, and draws their key figures. Everything is read from the tables themselves;
// without this script they are there and whole. What the reader chose lives in the address, after the hash.
(() => {
  const [FIRST, MORE] = [250, 750]; // rows shown at once: what a browser lays out without a noticeable wait
  const FEW = 12; // so many values of a number are offered as a list, and as panels
  const MOST_MARKS = 1500;
  const R = 3.4;
  const SHAPES = [
    `M${-R} 0a${R} ${R} 0 1 0 ${2 * R} 0a${R} ${R} 0 1 0 ${-2 * R} 0Z`, "M-3-3H3V3H-3Z", "M0-4.4L4.4 0L0 4.4L-4.4 0Z",
    "M0-4.2L4 3H-4Z", "M-1.2-4H1.2V-1.2H4V1.2H1.2V4H-1.2V1.2H-4V-1.2H-1.2Z", "M0-4L4-1L2.4 3.6H-2.4L-4-1Z",
  ];
  let state = new URLSearchParams(location.hash.slice(1));

  function make(parent, tag, attributes = {}, text = "") {
    const space = parent.namespaceURI.endsWith("svg") || tag === "svg" ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
    const made = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(text);
    parent.append(made);
    return made;
  }

  const isNumber = (text) => text !== "" && Number.isFinite(Number(text));
  // Numbers by size, words by alphabet, what is missing last.
  const order = (a, b) => (a === "") - (b === "") || (isNumber(a) && isNumber(b) ? a - b : isNumber(b) - isNumber(a) || a.localeCompare(b, "en"));
  const plain = (value) => String(Number(value.toPrecision(4)));

  // A scale that holds all intervals: per cent from 0, and to 100 where more than half of that is used.
  function scaleOf(limits, unit) {
    let [low, high] = [Infinity, -Infinity];
    for (const limit of limits) { low = Math.min(low, limit); high = Math.max(high, limit); }
    if (low > 0 && (unit === "%" || low < high / 2)) low = 0;
    if (high <= low) high = low + 1;
    const rough = (high - low) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    let step = power * [1, 2, 5, 10].find((n) => n * power >= rough);
    if (unit === "%" && high > 50 && high <= 100) [high, step] = [100, 25];
    const ticks = [];
    for (let n = Math.floor(low / step + 1e-9); n <= Math.ceil(high / step - 1e-9); n += 1) ticks.push(Number((n * step).toPrecision(6)));
    const [from, to] = [ticks[0], ticks.at(-1)];
    return { ticks, part: (value) => (value - from) / (to - from) };
  }

  function readColumns(place, rows) {
    return [...place.querySelectorAll("thead th")].map((head, index) => {
      const column = { head, index, role: head.dataset.role, unit: head.dataset.unit ?? "", name: head.textContent.trim(), title: head.firstChild.textContent };
      if (column.role === "parameter") {
        column.values = [...new Set(rows.map((row) => row.texts[index]))].filter(Boolean).sort(order);
        column.numeric = column.values.filter(isNumber).length > column.values.length / 2;
      }
      if (column.role === "figure") column.scale = scaleOf(rows.flatMap((row) => row.figures[index] ?? []), column.unit);
      return column;
    });
  }

  function readRow(tr) {
    const cells = [...tr.cells];
    const link = tr.querySelector("a")?.getAttribute("href") ?? "";
    return {
      tr, cells, link, status: tr.dataset.status ?? "done",
      name: link ? decodeURIComponent(link).replace(/\.html$/, "") : "",
      texts: cells.map((cell) => cell.textContent),
      figures: cells.map((cell) => cell.dataset.v?.split(" ").map(Number)),
      searched: `${tr.textContent} ${link}`.toLowerCase().replaceAll("\u00a0", " "),
    };
  }

  // A control and its label; what it is set to is kept under its name.
  function choice(parent, name, label, options) {
    const control = make(make(parent, "label", {}, `${label} `), "select", { name });
    for (const [value, text] of options) make(control, "option", { value }, text);
  }

  function addFilters(form, kind, columns, count) {
    for (const { name, values, numeric, role } of columns) {
      if (role !== "parameter") continue;
      if (numeric && values.length > FEW) {
        const range = make(form, "fieldset");
        make(range, "legend", {}, name);
        for (const end of ["from", "to"]) {
          make(make(range, "label", {}, `${end} `), "input", { type: "number", step: "any", name: `${kind}.${name}.${end}` });
        }
      } else if (values.length <= 60 && values.length < count) {
        choice(form, `${kind}.${name}`, name, [["", "any"], ...values.map((value) => [value, value])]);
      }
    }
    form.hidden = form.childElementCount === 0;
  }

  function filterOf(kind, columns) {
    const words = (state.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const status = state.get("status");
    const tests = columns.filter((column) => column.role === "parameter").flatMap(({ name, index }) => {
      const [is, from, to] = ["", ".from", ".to"].map((end) => state.get(`${kind}.${name}${end}`));
      return [
        is && ((row) => row.texts[index] === is),
        from && ((row) => isNumber(row.texts[index]) && row.texts[index] >= Number(from)),
        to && ((row) => isNumber(row.texts[index]) && row.texts[index] <= Number(to)),
      ].filter(Boolean);
    });
    return (row) => (!status || row.status === status) && words.every((word) => row.searched.includes(word)) && tests.every((test) => test(row));
  }

  function sorted(rows, column, descending) {
    if (!column) return rows;
    const key = column.role === "figure" ? (row) => String(row.figures[column.index]?.[0] ?? "") : (row) => row.texts[column.index];
    const keyed = rows.map((row) => [key(row), row]);
    const sign = descending ? -1 : 1; // what is missing stays last either way
    keyed.sort(([a], [b]) => (a === "" || b === "" ? order(a, b) : sign * order(a, b)));
    return keyed.map(([, row]) => row);
  }

  // One key figure as a dot on its interval; the axis stands in the head of the column.
  const [WIDE, EDGE] = [140, 10];
  function strip(cell, figure, { scale }) {
    const svg = make(cell, "svg", { class: "strip", width: WIDE, height: 11, viewBox: `0 0 ${WIDE} 11`, "aria-hidden": "true" });
    const [middle, low, high] = figure.map((value) => EDGE + scale.part(value) * (WIDE - 2 * EDGE));
    for (const tick of scale.ticks) make(svg, "path", { class: "rule", d: `M${EDGE + scale.part(tick) * (WIDE - 2 * EDGE)} 0V11` });
    const mark = make(svg, "g", { class: "mark" });
    make(mark, "line", { x1: low, x2: high, y1: 5.5, y2: 5.5 });
    make(mark, "path", { d: SHAPES[0], transform: `translate(${middle} 5.5)` });
    cell.prepend(svg);
  }

  function axis(head, { scale }) {
    const svg = make(head, "svg", { width: WIDE, height: 15, viewBox: `0 0 ${WIDE} 15`, "aria-hidden": "true" });
    scale.ticks.forEach((tick, place, { length }) => {
      const at = EDGE + scale.part(tick) * (WIDE - 2 * EDGE);
      const last = place === length - 1;
      if (last || place === 0 || 2 * place === length - 1) make(svg, "text", { x: at, y: 12, "text-anchor": "middle" }, plain(tick));
    });
  }

  function finish(row, columns) {
    if (row.finished) return;
    row.finished = true;
    for (const column of columns.slice(1)) {
      const cell = row.cells[column.index];
      const ends = column.role === "figure" ? `, ${plain(column.scale.ticks[0])} to ${plain(column.scale.ticks.at(-1))}\u00a0${column.unit}:` : "";
      cell.dataset.label = (column.role === "figure" ? column.title.replace(/, [^,]*$/, "") : column.name) + ends;
      if (row.figures[column.index]) strip(cell, row.figures[column.index], column);
    }
  }

  // Which parameter runs across, makes panels, rows of panels and colours, unless the reader chooses.
  function roles(columns) {
    const free = columns.filter((column) => column.role === "parameter" && column.values.length > 1);
    const take = (fits) => {
      const best = free.filter(fits).sort((a, b) => b.numeric - a.numeric || b.values.length - a.values.length)[0];
      if (best) free.splice(free.indexOf(best), 1);
      return best?.name ?? "";
    };
    const across = take((column) => column.numeric || column.values.length <= 8);
    const crowded = columns.find(({ name }) => name === across)?.values.length > FEW;
    const panels = take((column) => (column.numeric || crowded) && column.values.length <= FEW);
    const colour = take((column) => column.values.length <= SHAPES.length);
    const rest = (most) => take((column) => column.values.length <= most);
    return { across, colour, panels: panels || rest(FEW), rows: rest(6) };
  }

  const LABELS = { figure: "Key figure", across: "across", panels: "panels", rows: "rows of panels", colour: "colour and shape" };
  function addPlotChoices(form, kind, columns, first) {
    const named = columns.filter((column) => column.role === "parameter" && column.values.length > 1);
    const figures = columns.filter((column) => column.role === "figure");
    if (figures.length > 1) choice(form, `${kind}/figure`, LABELS.figure, figures.map(({ title }, place) => [place || "", title]));
    if (named.length < 2) return;
    const fold = make(form, "details");
    make(fold, "summary", {}, "Arrange the panels");
    for (const role of ["across", "panels", "rows", "colour"]) {
      const most = { across: Infinity, panels: FEW, rows: 6, colour: SHAPES.length }[role];
      const fits = named.filter((column) => column.values.length <= most).map(({ name }) => [name === first[role] ? "" : name, name]);
      const none = role === "across" ? [] : [[first[role] ? "none" : "", "none"]];
      choice(fold, `${kind}/${role}`, LABELS[role], [...fits, ...none].sort(([a], [b]) => (b === "") - (a === "")));
    }
  }

  // Places of the values of a parameter along a panel: evenly where they are few, to scale where they are many numbers.
  function placer(column, width) {
    if (!column.numeric || column.values.length <= FEW) {
      const slot = width / column.values.length;
      const every = Math.ceil((Math.max(...column.values.map((value) => Math.min(value.length, 12))) * 6.2 + 4) / slot);
      const kept = Math.max(1, Math.floor((slot - 6) / 6.5));
      const cut = (value) => (column.numeric || value.length <= kept ? value : `${value.slice(0, kept - 1)}…`);
      const ticks = column.values.map((value, n) => [(n + 0.5) * slot, cut(value)]);
      return { slot, at: (text) => (column.values.indexOf(text) + 0.5) * slot, ticks: ticks.filter((_, n) => !column.numeric || n % every === 0) };
    }
    const scale = scaleOf(column.values.filter(isNumber).map(Number), "");
    return { slot: 8, at: (text) => scale.part(Number(text)) * width, ticks: scale.ticks.filter((_, n) => width > 200 || n % 2 === 0).map((tick) => [scale.part(tick) * width, plain(tick)]) };
  }

  function panel(grid, caption, rows, { figure, across, colour, width }) {
    const [left, top, tall] = [30, 6, 112];
    const frame = make(grid, "figure");
    if (caption) make(frame, "figcaption", {}, caption);
    const middles = rows.map((row) => row.figures[figure.index][0]);
    const summary = `${caption || "All"}: ${rows.length} report${rows.length > 1 ? "s" : ""}, ${figure.title} from ${plain(Math.min(...middles))} to ${plain(Math.max(...middles))}`;
    const svg = make(frame, "svg", { width, height: top + tall + 18, role: "group", "aria-label": summary });
    for (const tick of figure.scale.ticks) {
      const y = top + tall * (1 - figure.scale.part(tick));
      make(svg, "path", { class: "rule", d: `M${left} ${y}H${width}` });
      make(svg, "text", { x: left - 5, y: y + 4, "text-anchor": "end" }, plain(tick));
    }
    const places = placer(across, width - left);
    for (const [x, text] of places.ticks) make(svg, "text", { x: left + x, y: top + tall + 15, "text-anchor": "middle" }, text);
    const shared = Object.groupBy(rows, (row) => row.texts[across.index]); // those at one place stand side by side
    for (const [value, own] of Object.entries(shared)) {
      own.sort((a, b) => (colour ? order(a.texts[colour.index], b.texts[colour.index]) : 0));
      const apart = Math.min(10, (0.72 * places.slot) / own.length);
      own.forEach((row, n) => {
        const x = left + places.at(value) + (n - (own.length - 1) / 2) * apart;
        const [middle, low, high] = row.figures[figure.index].map((number) => top + tall * (1 - figure.scale.part(number)));
        const series = colour ? colour.values.indexOf(row.texts[colour.index]) : 0;
        const mark = make(svg, "a", { href: row.link, class: `mark series-${series + 1}`, tabindex: "-1" });
        make(mark, "title", {}, `${row.name}: ${row.texts[figure.index].replace(/\s+/g, " ")}. ${row.texts[0]}`);
        make(mark, "line", { x1: x, x2: x, y1: low, y2: high });
        make(mark, "path", { d: SHAPES[series], transform: `translate(${x} ${middle})` });
        const half = Math.max(3, apart / 2);
        make(mark, "rect", { class: "target", x: x - half, width: 2 * half, y: Math.min(low, high) - 4, height: Math.abs(high - low) + 8 });
      });
    }
    svg.querySelector("a")?.setAttribute("tabindex", "0");
  }

  function draw(place, kind, columns, rows, first) {
    const chosen = (role) => columns.find(({ name }) => name === (state.get(`${kind}/${role}`) || first[role]));
    const [across, panels, bands, colour] = ["across", "panels", "rows", "colour"].map(chosen);
    const figure = columns.filter((column) => column.role === "figure")[Number(state.get(`${kind}/figure`) ?? 0)];
    const shown = rows.filter((row) => row.link && figure && row.figures[figure.index]);
    place.replaceChildren();
    if (!across || shown.length < 2) return;
    if (shown.length > MOST_MARKS) {
      make(place, "p", { class: "what" }, `The panels are drawn once a filter leaves ${MOST_MARKS.toLocaleString("en")} reports or fewer.`);
      return;
    }
    const interval = figure.head.querySelector(".what")?.textContent ?? "with its interval";
    const about = `Up: ${figure.title} (${interval}). Across: ${across.name}. A mark leads to its report; the numbers stand in the table below.`;
    make(place, "p", { class: "what" }, about);
    if (colour) {
      const legend = make(place, "ul", { class: "legend", "aria-label": colour.name });
      colour.values.forEach((value, n) => {
        const entry = make(legend, "li");
        const svg = make(entry, "svg", { class: `series-${n + 1}`, width: 14, height: 10, viewBox: "-6 -5 14 10", "aria-hidden": "true" });
        make(svg, "path", { class: "mark", d: SHAPES[n] });
        entry.append(`${colour.name} ${value}`);
      });
    }
    make(place, "p", { class: "readout what" }, "Point at a mark, or reach it with the tab and arrow keys, to read it.");
    const by = (column, own) => (column ? column.values.map((value) => [`${column.name} ${value}`, own.filter((row) => row.texts[column.index] === value)]) : [["", own]]);
    for (const [group, inGroup] of by(bands, shown)) {
      if (!inGroup.length) continue;
      if (group) make(place, "p", { class: "group" }, group);
      const grid = make(place, "div", { class: "grid" });
      grid.style.setProperty("--panels", panels ? panels.values.length : 2);
      const filled = by(panels, inGroup).filter(([, own]) => own.length);
      const empty = filled.map(() => make(grid, "span")); // as wide as the panels will be
      const width = Math.floor(empty[0].getBoundingClientRect().width);
      grid.replaceChildren();
      for (const [caption, own] of filled) panel(grid, caption, own, { figure, across, colour, width });
    }
  }

  function section(place) {
    const { kind } = place.dataset;
    const body = place.querySelector("tbody");
    const rows = [...body.rows].map(readRow);
    const columns = readColumns(place, rows);
    const scroll = place.querySelector(".scroll");
    const form = make(place, "form", { class: "controls", "aria-label": `Filter: ${kind}` });
    const plots = make(place, "div", { class: "plots" });
    const choices = make(plots, "form", { class: "controls", "aria-label": `Panels: ${kind}` });
    const drawing = make(plots, "div");
    const more = make(place, "button", { class: "more", type: "button" });
    scroll.before(form, plots);
    addFilters(form, kind, columns, rows.length);
    const first = roles(columns);
    plots.hidden = !first.across || !columns.some((column) => column.role === "figure");
    if (!plots.hidden) addPlotChoices(choices, kind, columns, first);
    for (const column of columns) {
      const label = column.head.querySelector("span") ?? column.head;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...(label === column.head ? label.childNodes : [label]));
      column.head.prepend(button);
      if (column.role === "figure") axis(column.head, column);
      button.addEventListener("click", () => {
        const [again, down] = [state.get(`${kind}/sort`) === column.name, state.has(`${kind}/down`)]; // up, down, as it was
        set({ [`${kind}/sort`]: again && down ? "" : column.name, [`${kind}/down`]: again && !down ? "1" : "" });
      });
    }
    let waiting = 0;
    let most = FIRST;
    more.addEventListener("click", () => update(most + MORE));
    function update(limit = FIRST) {
      most = limit;
      const by = columns.find(({ name }) => name === state.get(`${kind}/sort`));
      const down = state.has(`${kind}/down`);
      const hits = sorted(rows.filter(filterOf(kind, columns)), by, down);
      const shown = hits.slice(0, most);
      for (const row of shown) finish(row, columns);
      body.replaceChildren(...shown.map((row) => row.tr));
      for (const column of columns) {
        if (column === by) column.head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else column.head.removeAttribute("aria-sort");
      }
      scroll.hidden = hits.length === 0;
      more.hidden = shown.length === hits.length;
      more.textContent = `Show ${Math.min(MORE, hits.length - shown.length)} more (now ${shown.length.toLocaleString("en")} of ${hits.length.toLocaleString("en")})`;
      cancelAnimationFrame(waiting);
      if (!plots.hidden) waiting = requestAnimationFrame(() => draw(drawing, kind, columns, hits, first));
      return [hits.length, rows.length];
    }
    return update;
  }

  const output = document.querySelector(".hits");
  document.body.classList.add("scripted");
  const updates = [...document.querySelectorAll("section.kind")].map(section);

  function refresh() {
    const counts = updates.map((update) => update());
    const [hits, total] = [0, 1].map((n) => counts.reduce((sum, count) => sum + count[n], 0).toLocaleString("en"));
    output.textContent = `${hits} of ${total} reports`;
  }

  function set(changes) {
    for (const [name, value] of Object.entries(changes)) {
      if (value) state.set(name, value);
      else state.delete(name);
    }
    history.replaceState(null, "", `#${state}`);
    refresh();
  }

  function showState() {
    state = new URLSearchParams(location.hash.slice(1));
    for (const control of document.querySelectorAll("form [name]")) control.value = state.get(control.name) ?? "";
    refresh();
  }

  document.querySelector("form[role='search']").hidden = false;
  document.addEventListener("input", ({ target }) => { if (target.name) set({ [target.name]: target.value }); });
  document.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("reset", (event) => {
    event.preventDefault();
    location.hash = "";
    showState();
  });
  for (const event of ["pointerover", "focusin"]) {
    document.addEventListener(event, ({ target }) => {
      const mark = target.closest?.(".plots .mark[href]");
      if (mark) mark.closest(".plots").querySelector(".readout").textContent = mark.querySelector("title").textContent;
    });
  }
  document.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const mark = event.target.closest?.(".plots .mark[href]");
    if (!step || !mark) return;
    const marks = [...mark.parentNode.querySelectorAll("a")];
    marks[(marks.indexOf(mark) + step + marks.length) % marks.length].focus();
    event.preventDefault();
  });
  window.addEventListener("hashchange", showState);
  let width = innerWidth;
  window.addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; refresh(); } });
  showState();
})();
