// The playground's page: the editor, the worker that runs Python, and what is shown of a run.

import { Editor } from "./editor.js";
import { lang, onLang, say, setLang } from "./words.js";

const TABS = ["output", "shapes", "gradients", "operations", "walk"];
const LONG = 200000; // characters of output that are kept

const $ = (id) => document.getElementById(id);

// make("td", {class: "n"}, "text", element, ...)
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((c) => c !== undefined && c !== null && c !== ""));
  return element;
}

// An element that holds a drawing of ours: SVG that Python made from numbers, its texts escaped.
function drawing(svg, style) {
  const place = make("div", { class: style });
  place.innerHTML = svg;
  return place;
}

const number = (value) => (value === null || value === undefined ? "nan" : Number(value).toPrecision(4).replace(/\.?0+($|e)/, "$1"));
const thousands = (value) => value.toLocaleString("en");

// ---------------------------------------------------------------- tabs

const panels = {};
let open = "output";

function buildTabs() {
  for (const name of TABS) {
    const tab = make("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "data-say": name,
      onclick: () => choose(name),
    });
    $("tabs").append(tab);
    panels[name] = make("div", {
      role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, tabindex: 0, class: "panel",
    });
    $("panels").append(panels[name]);
  }
  $("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -TABS.length, End: TABS.length }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = TABS.indexOf(open);
    const next = Math.abs(step) === 1 ? (at + step + TABS.length) % TABS.length : step < 0 ? 0 : TABS.length - 1;
    choose(TABS[next]);
    $(`tab-${TABS[next]}`).focus();
  });
}

function choose(name) {
  open = name;
  for (const other of TABS) {
    const chosen = other === name;
    $(`tab-${other}`).setAttribute("aria-selected", chosen);
    $(`tab-${other}`).tabIndex = chosen ? 0 : -1;
    panels[other].hidden = !chosen;
  }
  if (name === "walk") walk();
}

// ---------------------------------------------------------------- the run

let worker = null;
let config = null;
let state = { name: "stage", key: "stage_interpreter", values: {} };
let begun = 0;
let run = null; // {output: [[kind, text]], dropped, losses, hints, result, pages}
let waiting = false; // Run was asked for before Python was there

function status(key, values = {}, name = "stage") {
  state = { name, key, values };
  showStatus();
}

function showStatus() {
  const box = $("status");
  box.className = `status ${state.name}`;
  box.textContent = say(state.key, state.values);
  if (state.name === "failed") box.textContent += `. ${state.values.text} ${say("failed_fix")}`;
  const busy = state.name === "running";
  $("run").disabled = busy || state.name === "failed";
  $("run").hidden = busy;
  $("stop").hidden = !busy;
}

// A worker of an address has no policy but its server's; one of a blob has the page's, which lets
// no program reach another origin.
function startWorker() {
  worker?.terminate();
  const script = new Blob([`import "${new URL("worker.js", import.meta.url)}";`], { type: "text/javascript" });
  const address = URL.createObjectURL(script);
  worker = new Worker(address, { type: "module" });
  URL.revokeObjectURL(address);
  worker.onmessage = ({ data }) => heard(data);
  worker.onerror = (event) => failed(event.message ?? "");
  worker.postMessage({ type: "start", config, home: new URL(".", import.meta.url).href });
}

function heard(message) {
  if (message.type === "stage") status(`stage_${message.name}`, { what: message.what }, waiting ? "running" : "stage");
  else if (message.type === "ready") {
    status("ready", { version: message.version }, "ready");
    if (waiting) {
      waiting = false;
      start();
    }
  } else if (message.type === "running") begun = performance.now();
  else if (message.type === "tell") told(message.kind, message.data);
  else if (message.type === "done") done(message.result);
  else if (message.type === "page" || message.type === "nopage") paged(message);
  else if (message.type === "failed") failed(message.text);
}

// Python cannot be loaded, or has died of a program (of one that wants more memory than there is).
function failed(text) {
  if (state.key !== "running") return status("failed", { text }, "failed");
  run.output.push(["err", `\n${text}\n`]);
  status("died");
  startWorker();
  showOutput();
}

function start() {
  if (state.name === "running") return;
  if (state.name === "failed") return;
  run = { output: [], dropped: 0, losses: [], hints: [], result: null, pages: {}, picked: 0 };
  editor.mark({}, 0, []);
  remember();
  if (state.name !== "ready" && state.name !== "done" && state.name !== "wrong") {
    waiting = true;
    status(state.key, state.values, "running");
    return;
  }
  begun = performance.now();
  status("running", { n: "0" }, "running");
  show();
  choose("output");
  worker.postMessage({ type: "run", source: editor.value });
}

function stop() {
  waiting = false;
  status("stopped");
  if (run && !run.result) run.output.push(["err", `\n${say("stop")}\n`]);
  startWorker();
  show();
}

setInterval(() => {
  if (state.name === "running" && state.key === "running") {
    status("running", { n: ((performance.now() - begun) / 1000).toFixed(0) }, "running");
  }
}, 500);

function told(kind, data) {
  if (!run) return;
  if (kind === "loss") run.losses.push(...data);
  else if (kind === "lint") run.hints.push(data);
  else {
    const last = run.output.at(-1);
    if (last && last[0] === kind && kind !== "image") last[1] += data;
    else run.output.push([kind, data]);
    let size = run.output.reduce((sum, [k, t]) => sum + (k === "image" ? 0 : t.length), 0);
    while (size > LONG) {
      const first = run.output.find(([k]) => k !== "image");
      const cut = Math.min(first[1].length, size - LONG);
      first[1] = first[1].slice(cut);
      if (!first[1]) run.output.splice(run.output.indexOf(first), 1);
      run.dropped += cut;
      size -= cut;
    }
  }
  soon();
}

let drawn = false;
function soon() {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => {
    drawn = false;
    showOutput();
  });
}

function done(result) {
  run.result = result;
  run.losses = result.losses;
  status(result.ok ? "done" : "wrong", { n: result.seconds.toFixed(2) }, result.ok ? "done" : "wrong");
  const shapes = {};
  for (const [line, names] of Object.entries(result.lines)) {
    shapes[line] = Object.entries(names)
      .map(([name, all]) => `${name === "return" ? "→" : name} ${all.slice(0, 2).join(" | ")}${all.length > 2 ? " | …" : ""}`)
      .join("   ");
  }
  editor.mark(shapes, result.error?.line ?? 0, run.hints.map((hint) => hint.line));
  show();
}

// ---------------------------------------------------------------- what is shown

function show() {
  showOutput();
  showShapes();
  showGradients();
  showOperations();
  showWalk();
}

// A way to a line of the program; `short`: in a column of lines.
function lineLink(line, short = false) {
  if (!line) return "";
  return make("a", {
    href: "#code", class: "line", "aria-label": say("line", { n: line }),
    onclick: (event) => { event.preventDefault(); editor.show(line); },
  }, short ? String(line) : say("line", { n: line }));
}

const soft = (text) => make("p", { class: "soft" }, text);

// `name\rother` shows `other`, as a terminal does.
const returned = (text) => text.replace(/[^\n]*\r(?!\n)/g, "");

function showOutput() {
  const panel = panels.output;
  const log = panel.querySelector(".log");
  const below = !log || log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  panel.replaceChildren();
  if (!run) return panel.append(soft(say("nothing")));
  if (run.result?.error) panel.append(errorBox(run.result.error));
  if (run.hints.length) {
    panel.append(
      make("section", { class: "hints" }, make("h3", {}, say("hints")), make("p", { class: "soft" }, say("hints_say")),
        make("ul", {}, ...run.hints.map((hint) => make("li", {}, lineLink(hint.line), " ", hint.message))))
    );
  }
  const shown = make("div", { class: "log", tabindex: 0 });
  if (run.dropped) shown.append(soft(say("cut", { n: thousands(run.dropped) })));
  for (const [kind, text] of run.output) {
    if (kind === "image") shown.append(make("img", { src: text, alt: "", class: "figure" }));
    else shown.append(make("pre", { class: kind }, returned(text)));
  }
  if (!run.output.length && run.result && !run.result.error) shown.append(soft(say("no_output")));
  if (run.output.length || !run.result?.error) panel.append(shown);
  if (run.losses.length > 1) {
    const curves = [curve(run.losses, say("loss"), "a")];
    if (run.result?.norms.length > 1) curves.push(curve(run.result.norms, say("norm"), "b"));
    panel.append(make("div", { class: "curves" }, ...curves));
  }
  if (below) shown.scrollTop = shown.scrollHeight;
}

function errorBox(error) {
  const lines = error.frames.map((frame) =>
    make("li", {}, lineLink(frame.line), " ", make("code", {}, frame.code.trim()))
  );
  return make("section", { class: "error", role: "alert" },
    make("h3", {}, error.type), make("pre", {}, error.message),
    lines.length ? make("ol", {}, ...lines) : "",
    make("details", {}, make("summary", {}, say("trace")), make("pre", {}, error.traceback)));
}

// A line through values, drawn here as it moves while the program runs.
function curve(values, name, colour) {
  const [width, height, left, bottom] = [420, 150, 52, 22];
  const finite = values.filter((v) => v !== null);
  const figure = make("figure", {}, make("figcaption", {}, `${name}: `, make("b", {}, number(values.at(-1)))));
  if (!finite.length) return figure;
  let low = Math.min(...finite);
  let high = Math.max(...finite);
  if (low > 0 && low < high / 2) low = 0;
  if (high <= low) [low, high] = [low - 0.5, high + 0.5];
  const x = (i) => left + (i / Math.max(1, values.length - 1)) * (width - left - 8);
  const y = (v) => 8 + ((high - v) / (high - low)) * (height - bottom - 8);
  let path = "";
  let pen = "M";
  const every = Math.max(1, Math.floor(values.length / 800));
  values.forEach((v, i) => {
    if (v === null) pen = "M";
    else if (i % every === 0 || i === values.length - 1) {
      path += `${pen}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
      pen = "L";
    }
  });
  const rules = [low, (low + high) / 2, high].map((v) =>
    `<path class="rule" d="M${left} ${y(v)}H${width - 8}"/><text class="tick" x="${left - 6}" y="${y(v)}" dy=".33em">${number(Number(v.toPrecision(3)))}</text>`);
  const ends = `<text class="tick start" x="${left}" y="${height - 5}">1</text><text class="tick" x="${width - 8}" y="${height - 5}">${values.length}</text>` +
    `<text class="tick mid" x="${(left + width) / 2}" y="${height - 5}">${say("step")}</text>`;
  figure.append(drawing(`<svg viewBox="0 0 ${width} ${height}" aria-hidden="true">${rules.join("")}${ends}<path class="curve ${colour}" d="${path}"/></svg>`, "chart"));
  return figure;
}

function heat(picture, name) {
  if (!picture) return "";
  const side = Math.min(14, 230 / picture.width, 150 / picture.height);
  const [wide, tall] = [Math.max(30, picture.width * side), Math.max(14, picture.height * side)].map(Math.round);
  return make("figure", { class: "heat" },
    make("img", { src: picture.image, alt: name, width: wide, height: tall }),
    make("figcaption", {}, `±${picture.limit}`));
}

function table(heads, rows, right = []) {
  return make("div", { class: "scroll" }, make("table", {},
    make("thead", {}, make("tr", {}, ...heads.map((head, i) => make("th", { scope: "col", class: right.includes(i) ? "n" : undefined }, head)))),
    make("tbody", {}, ...rows)));
}

const cell = (content, style) => make("td", { class: style }, ...(Array.isArray(content) ? content : [content]));
const and = (n) => (n ? soft(say("more", { n: thousands(n) })) : "");

function showShapes() {
  const panel = panels.shapes;
  panel.replaceChildren();
  if (!run?.result) return panel.append(soft(say("nothing")));
  const { tensors, lines, more } = run.result;
  panel.append(soft(say("tensors_say")));
  if (tensors.length) {
    panel.append(make("h3", {}, say("at_end")), make("div", { class: "cards" }, ...tensors.map((t) =>
      make("article", { class: "card" },
        make("h4", {}, make("code", {}, t.name), " ", make("span", { class: "shape" }, t.shape)),
        make("p", { class: "soft" }, [t.kind === "Tensor" ? "" : t.kind, t.dtype.replace("torch.", ""),
          t.grad_fn ? say("made_by", { name: t.grad_fn }) : t.requires_grad ? say("wants_grad") : ""].filter(Boolean).join(" · ")),
        t.min === undefined ? "" : t.shape === "()" ? make("p", { class: "numbers" }, `${say("value")} ${number(t.mean)}`)
          : make("p", { class: "numbers" }, `min ${number(t.min)}  mean ${number(t.mean)}  max ${number(t.max)}  ${say("zeros")} ${number(100 * t.zeros)} %`),
        heat(t.heat, t.name)))), and(more.tensors));
  } else panel.append(soft(say("no_tensors")));
  const rows = [];
  for (const [line, names] of Object.entries(lines)) {
    for (const [name, all] of Object.entries(names)) {
      rows.push(make("tr", {}, cell(lineLink(Number(line), true)), cell(make("code", {}, name)), cell(all.slice(0, 3).join(" | ") + (all.length > 3 ? " | …" : ""), "shape")));
    }
  }
  if (rows.length) panel.append(make("h3", {}, say("by_line")), table([say("at_line"), "", say("into")], rows));
}

function showGradients() {
  const panel = panels.gradients;
  panel.replaceChildren();
  if (!run?.result) return panel.append(soft(say("nothing")));
  const { grads, more } = run.result;
  if (!grads.length) return panel.append(soft(say("no_grads")));
  panel.append(soft(say("grads_say")));
  panel.append(make("div", { class: "cards wide" }, ...grads.map((g) =>
    make("article", { class: "card" },
      make("h4", {}, make("code", {}, g.name || say("unnamed")), " ", make("span", { class: "shape" }, g.shape)),
      make("p", { class: "numbers" }, `‖g‖ ${number(g.norm)}   ${say("ratio")} ${number(g.share)}`),
      make("div", { class: "pair" },
        make("div", {}, make("p", { class: "soft" }, say("values")), heat(g.values.heat, say("values"))),
        make("div", {}, make("p", { class: "soft" }, say("gradient")), heat(g.grad.heat, say("gradient")))),
      drawing(g.histogram, "histogram")))), and(more.grads));
}

function showOperations() {
  const panel = panels.operations;
  panel.replaceChildren();
  if (!run?.result) return panel.append(soft(say("nothing")));
  const { ops, docs, graph, more } = run.result;
  if (!ops.length) return panel.append(soft(say("no_ops")));
  panel.append(soft(say("ops_say")));
  const rows = ops.map((op) => {
    const doc = docs[op.name] ?? { formula: "", grad: "" };
    const formula = make("div", { class: "formula" }, doc.formula);
    const grad = doc.grad ? make("details", {}, make("summary", {}, formula), make("div", { class: "formula back" }, `${say("grad")}: ${doc.grad}`)) : formula;
    return make("tr", {}, cell(lineLink(op.line, true)),
      cell([make("code", {}, op.name), op.call ? make("div", { class: "soft" }, op.call) : ""]),
      cell(grad), cell([make("div", {}, ...op.inputs.map((text, i) => make("span", {}, text + (i < op.inputs.length - 1 ? ", " : "")))), make("span", {}, `→ ${op.output}`)], "shape"), cell(`${thousands(op.times)} ×`, "n"));
  });
  panel.append(table([say("at_line"), say("op"), say("formula"), say("into"), ""], rows, [4]), and(more.ops));
  if (graph) {
    panel.append(make("h3", {}, say("graph")), soft(graph.svg ? say("graph_say", { n: graph.size }) : say("graph_big", { n: graph.size })));
    if (graph.svg) {
      const place = drawing(graph.svg, "graph");
      place.addEventListener("click", (event) => {
        const link = event.target.closest("a");
        if (!link) return;
        event.preventDefault();
        editor.show(Number(link.getAttribute("href").replace("#line-", "")));
      });
      panel.append(place);
    }
  }
}

function showWalk() {
  const panel = panels.walk;
  panel.replaceChildren();
  if (!run?.result) return panel.append(soft(say("nothing")));
  const { models } = run.result;
  if (!models.length) return panel.append(soft(say("no_models")));
  panel.append(soft(say("walk_say")));
  if (models.length > 1) {
    panel.append(make("select", { "aria-label": say("walk"), onchange: (e) => { run.picked = Number(e.target.value); walk(); } },
      ...models.map((m, i) => make("option", { value: i, selected: i === run.picked }, `${m.name} (${m.class}), ${m.input}`))));
  }
  panel.append(make("div", { class: "page" }));
  if (open === "walk") walk();
}

function walk() {
  const place = panels.walk.querySelector(".page");
  if (!place || !run?.result?.models.length || state.name === "running") return;
  const key = `${run.picked} ${lang()}`;
  const page = run.pages[key];
  if (page?.page) {
    place.replaceChildren(make("iframe", { srcdoc: page.page, title: say("walk") }));
  } else if (page?.text) {
    place.replaceChildren(make("section", { class: "error" }, make("h3", {}, say("no_walk")), make("pre", {}, page.text)));
  } else {
    place.replaceChildren(soft(say("walking")));
    worker.postMessage({ type: "walk", index: run.picked, lang: lang() });
  }
}

function paged(message) {
  if (!run) return;
  const { index, page, text } = message;
  run.pages[`${index} ${message.lang ?? lang()}`] = page ? { page } : { text: text.slice(Math.max(0, text.search(/^[\w.]+(Error|Exception)\b/m))).trim() };
  if (open === "walk") walk();
}

// ---------------------------------------------------------------- the program

const editor = new Editor($("code"), $("paint"), $("gutter"), start);
const KEPT = "rushlight-playground";

function remember() {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ name: $("example").value, source: editor.value }));
  } catch { /* a browser that keeps nothing */ }
}

function recalled() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const decode = (text) => new TextDecoder().decode(Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)));

async function share() {
  const address = new URL(location.href);
  address.hash = `code=${encode(editor.value)}`;
  history.replaceState(null, "", address);
  try {
    await navigator.clipboard.writeText(address.href);
  } catch { /* the address bar has it */ }
  $("share").textContent = say("shared");
  setTimeout(() => ($("share").textContent = say("share")), 2000);
}

function buildExamples() {
  const chosen = $("example").value;
  $("example").replaceChildren(
    ...(config?.examples ?? []).map((e) => make("option", { value: e.name }, e[lang()])),
    make("option", { value: "", hidden: true }, say("mine")));
  $("example").value = chosen;
}

function load(name) {
  const example = config.examples.find((e) => e.name === name) ?? config.examples[0];
  editor.value = example.source;
  $("example").value = example.name;
}

async function begin() {
  buildTabs();
  const asked = new URLSearchParams(location.search);
  const wished = asked.get("lang") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
  onLang(() => {
    buildExamples();
    showStatus();
    show();
    $("code").setAttribute("aria-label", say("program"));
    $("tabs").setAttribute("aria-label", say("results"));
    const other = lang() === "en" ? "zh" : "en";
    $("language").textContent = other === "zh" ? "中文" : "English";
    $("language").lang = other;
    document.title = `rushlight · ${say("playground")}`;
  });
  setLang(wished);
  choose("output");
  editor.changed = () => ($("example").value = "");
  $("example").addEventListener("change", () => load($("example").value));
  $("language").addEventListener("click", () => setLang(lang() === "en" ? "zh" : "en"));
  $("run").addEventListener("click", start);
  $("stop").addEventListener("click", stop);
  $("share").addEventListener("click", share);
  try {
    const answer = await fetch("playground.json");
    if (!answer.ok) throw new Error(`playground.json: ${answer.status}.`);
    config = await answer.json();
  } catch (error) {
    return status("failed", { text: error.message }, "failed");
  }
  buildExamples();
  const hash = new URLSearchParams(location.hash.slice(1));
  const kept = recalled();
  load(asked.get("example"));
  if (hash.has("code")) {
    editor.value = decode(hash.get("code"));
    $("example").value = "";
  } else if (kept?.source && !asked.has("example")) {
    editor.value = kept.source;
    $("example").value = kept.name;
  }
  startWorker();
}

begin();
