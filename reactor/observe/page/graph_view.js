// The whole graph, what waits as well as what ran. Drawn on a canvas; the same as a list beside it.
import { h, replace, colours, fit } from "./dom.js";
import { kOrder, stateWord, plural } from "./words.js";
import { link } from "./place.js";

const kWide = 150, kHigh = 26, kRow = 34;
const kBeside = 160; // from a column to the next of the same layer
const kBehind = 210; // from a layer to the next

export class GraphView {
  constructor(page) {
    this.page = page;
    this.scale = 1;
    this.fitted = ""; // the size of the frame for which all of it is shown; null: somebody has moved it
    this.places = null; // of the nodes: [x, y]
    this.left = 0;
    this.top = 0;
    this.canvas = h("canvas", { tabindex: "0", role: "img", "aria-label": "graph", "aria-describedby": "graph-words" });
    this.words = h("p", { id: "graph-words", class: "count" });
    this.frame = h("div", { class: "picture" }, this.canvas);
    this.list = h("details", { class: "as-list" }, h("summary", null, "The same as a list"), h("div"));
    this.list.addEventListener("toggle", () => this.page.soon());
    const button = (label, title, act) => h("button", { type: "button", title, "aria-label": title, onclick: act }, label);
    this.element = h("div", { class: "fill" },
      h("div", { class: "bar" }, button("+", "larger", () => this.zoom(1.3)), button("\u2212", "smaller", () => this.zoom(1 / 1.3)),
        button("all", "show all of it", () => { this.fitted = ""; page.soon(); }), this.words), this.frame, this.list);
    this.listen();
    this.watch = new ResizeObserver(() => page.soon());
    this.watch.observe(this.frame);
  }
  leave() {
    this.watch.disconnect();
  }

  listen() {
    const canvas = this.canvas;
    let drag = null;
    canvas.addEventListener("pointerdown", (event) => {
      drag = { x: event.clientX, y: event.clientY, left: this.left, top: this.top, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) {
        const node = this.nodeAt(event);
        canvas.style.cursor = node ? "pointer" : "grab";
        canvas.title = node ? title(node) : "";
        return;
      }
      const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
      if (Math.abs(dx) + Math.abs(dy) > 3) drag.moved = true;
      if (!drag.moved) return;
      this.fitted = null;
      this.left = drag.left - dx / this.scale;
      this.top = drag.top - dy / this.scale;
      this.page.soon();
    });
    canvas.addEventListener("pointerup", (event) => {
      const node = drag && !drag.moved ? this.nodeAt(event) : null;
      drag = null;
      if (node) location.hash = link.process(this.page.model.id, node.processes[0]);
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = 80 / this.scale;
      const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
      if (event.key === "+" || event.key === "-") this.zoom(event.key === "+" ? 1.3 : 1 / 1.3);
      else if (moves[event.key]) {
        this.fitted = null;
        this.left += moves[event.key][0];
        this.top += moves[event.key][1];
        this.page.soon();
      } else return;
      event.preventDefault();
    });
  }

  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const next = Math.min(3, Math.max(0.004, this.scale * factor));
    this.left += x / this.scale - x / next;
    this.top += y / this.scale - y / next;
    this.scale = next;
    this.fitted = null;
    this.page.soon();
  }

  nodeAt(event) {
    if (!this.places) return null;
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / this.scale + this.left;
    const y = (event.clientY - box.top) / this.scale + this.top;
    return this.page.model.graph.nodes.find((node, index) => {
      const [nx, ny] = this.places[index];
      return x >= nx && x <= nx + kWide && y >= ny && y <= ny + kHigh;
    });
  }

  draw(rows, counts) {
    const { graph } = this.page.model;
    const states = this.page.states;
    const width = this.frame.clientWidth, height = this.frame.clientHeight;
    if (!width || !height) return;
    const context = fit(this.canvas, width, height);
    const size = width + "x" + height;
    if (this.fitted !== null && this.fitted !== size) {
      this.fitted = size;
      const { places, allWide, allHigh } = placed(graph, width / height);
      this.places = places;
      this.scale = Math.min(1.2, Math.max(0.02, Math.min((width - 20) / allWide, (height - 20) / allHigh)));
      this.left = -Math.max(10, (width - allWide * this.scale) / 2) / this.scale;
      this.top = -Math.max(10, (height - allHigh * this.scale) / 2) / this.scale;
    }
    const colour = colours();
    const ofState = new Map(kOrder.map((state) => [state, colour("s-" + (state || "none").toLowerCase())]));
    context.setTransform(context.getTransform().a * this.scale, 0, 0, context.getTransform().d * this.scale,
      -this.left * this.scale * context.getTransform().a, -this.top * this.scale * context.getTransform().d);
    const right = this.left + width / this.scale, bottom = this.top + height / this.scale;
    this.drawEdges(context, graph, colour("edge"), right, bottom);
    const path = new Set(this.page.path.map((name) => this.page.model.nodeOf.get(name)));
    const text = this.scale > 0.45;
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    graph.nodes.forEach((node, index) => {
      const [x, y] = this.places[index];
      if (x > right || y > bottom || x + kWide < this.left || y + kHigh < this.top) return;
      const shares = new Map();
      for (const name of node.processes) shares.set(states.get(name) || "", (shares.get(states.get(name) || "") || 0) + 1);
      let from = x;
      for (const state of kOrder) {
        const share = shares.get(state);
        if (!share) continue;
        const wide = (kWide * share) / node.processes.length;
        context.fillStyle = ofState.get(state);
        context.fillRect(from, y, wide, kHigh);
        from += wide;
      }
      if (path.has(index) || node.final) {
        context.lineWidth = path.has(index) ? 3 : 1;
        context.strokeStyle = colour(path.has(index) ? "path" : "text");
        context.strokeRect(x, y, kWide, kHigh);
      }
      if (!text) return;
      context.fillStyle = colour("on-state");
      context.fillText(cut(context, label(node), kWide - 10), x + 5, y + kHigh / 2 + 1);
    });
    replace(this.words, plural(rows.length, "process") + " in " + plural(graph.layers, "layer") +
      (graph.nodes.length < rows.length ? ", alike ones as one box" : "") + ": " +
      kOrder.filter((state) => counts.get(state)).map((state) => counts.get(state) + " " + stateWord(state)).join(", ") +
      (path.size ? "; outlined: the critical path" : ""));
    if (this.list.open) this.drawList(graph, states);
  }

  drawEdges(context, graph, colour, right, bottom) {
    context.strokeStyle = colour;
    context.lineWidth = 1 / Math.max(0.3, this.scale);
    context.beginPath();
    let drawn = 0;
    for (const edge of graph.edges) {
      const [ax, ay] = this.places[edge.from], [bx, by] = this.places[edge.to];
      const x1 = ax + kWide, y1 = ay + kHigh / 2, x2 = bx, y2 = by + kHigh / 2;
      if (x1 > right || x2 < this.left || Math.max(y1, y2) < this.top || Math.min(y1, y2) > bottom) continue;
      if (++drawn > 20000) break; // more would be a grey area, and slow
      context.moveTo(x1, y1);
      context.bezierCurveTo(x1 + 25, y1, x2 - 25, y2, x2, y2);
    }
    context.stroke();
  }

  drawList(graph, states) {
    const id = this.page.model.id;
    const most = 500;
    replace(this.list.lastChild, h("table", null,
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "layer"), h("th", { scope: "col" }, "processes"), h("th", { scope: "col" }, "state"), h("th", { scope: "col" }, "waits for"))),
      h("tbody", null, graph.nodes.slice(0, most).map((node, index) => h("tr", null, h("td", null, node.layer),
        h("td", null, h("a", { href: link.process(id, node.processes[0]) }, label(node))),
        h("td", null, [...new Set(node.processes.map((name) => stateWord(states.get(name))))].join(", ")),
        h("td", null, this.page.model.needs[index].map((need) => label(graph.nodes[need])).join(", ")))))),
      graph.nodes.length > most && h("p", null, "The first " + most + " boxes; the table has all processes."));
  }
}

// Where the nodes stand. A layer of very many has several columns, as many as make all of it about as wide and high as
// the frame: a strip of ten thousand could not be read.
function placed(graph, shape) {
  const sizes = new Array(Math.max(1, graph.layers)).fill(0);
  for (const node of graph.nodes) sizes[node.layer] = Math.max(sizes[node.layer], node.place + 1);
  const widthOf = (rows) => sizes.reduce((sum, size) => sum + (Math.ceil(size / rows) - 1) * kBeside + kBehind, 0);
  let rows = Math.max(...sizes, 1);
  while (rows > 1 && widthOf(Math.ceil(rows * 0.8)) / (Math.ceil(rows * 0.8) * kRow) < shape) rows = Math.ceil(rows * 0.8) < rows ? Math.ceil(rows * 0.8) : rows - 1;
  const begins = [];
  let x = 0;
  for (const size of sizes) {
    begins.push(x);
    x += (Math.ceil(size / rows) - 1) * kBeside + kBehind;
  }
  const places = graph.nodes.map((node) => [begins[node.layer] + Math.floor(node.place / rows) * kBeside, (node.place % rows) * kRow]);
  return { places, allWide: x - kBehind + kWide, allHigh: Math.min(rows, Math.max(...sizes, 1)) * kRow };
}

const label = (node) => node.processes.length === 1 ? node.processes[0] : node.processes[0] + " and " + (node.processes.length - 1) + " like it";
const title = (node) => node.processes.slice(0, 20).join("\n") + (node.processes.length > 20 ? "\n..." : "");

// The text, cut in its middle to the width.
export function cut(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let keep = text.length;
  while (keep > 3) {
    keep -= Math.max(1, Math.floor(keep / 10));
    const half = Math.ceil(keep / 2);
    const short = text.slice(0, half) + "\u2026" + text.slice(text.length - (keep - half));
    if (context.measureText(short).width <= width) return short;
  }
  return "";
}
