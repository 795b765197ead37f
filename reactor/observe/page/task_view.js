// One task: its head, the bar over time, and one of its views.
import { h, replace, inFrame } from "./dom.js";
import { ago, clock, duration, kOver, stateClass } from "./words.js";
import { get, isBehind, kept, path } from "./source.js";
import { here, link, setQuery } from "./place.js";
import { TaskModel, countStates } from "./task_model.js";
import { TableView } from "./table_view.js";
import { GraphView } from "./graph_view.js";
import { TimelineView } from "./timeline_view.js";
import { ProcessView, whyText } from "./process_view.js";
import { LogView } from "./log_view.js";
import { FilesView } from "./files_view.js";

const kViews = [["table", "Table"], ["graph", "Graph"], ["timeline", "Timeline"], ["files", "Sandbox"]];

export class TaskView {
  constructor(store, place) {
    this.store = store;
    this.id = place.task;
    this.at = place.query.at ? Number(place.query.at) : null; // the moment that is looked at; null: now
    this.now = Date.now() / 1000;
    this.model = null;
    this.waiting = []; // events that came before the answer
    this.loads = 0;
    this.loading = false;
    this.soon = inFrame(() => this.draw());
    this.head = h("div", { class: "head" });
    this.why = h("div", { class: "why of-s-failed", hidden: true });
    this.tabs = h("nav", { class: "tabs", "aria-label": "views of the task" });
    this.body = h("div", { class: "fill" }, "reading");
    this.slider = h("input", { type: "range", min: "0", max: "1000", value: "1000", "aria-label": "moment", oninput: () => this.drag() });
    this.moment = h("output");
    this.back = h("button", { type: "button", onclick: () => this.look(null) }, "now");
    this.scrub = h("div", { class: "scrub" }, this.slider, this.moment, this.back);
    this.element = h("section", { class: "fill" }, this.head, this.why, this.tabs, this.scrub, this.body);
    this.load();
  }
  leave() {
    ++this.loads; // what is on its way comes too late
    if (this.view && this.view.leave) this.view.leave();
    clearInterval(this.tick);
  }

  // What is told meanwhile may be missing in the answer: it is taken again behind it.
  async load() {
    const mine = ++this.loads;
    this.waiting = [];
    this.loading = true;
    try {
      const [detail, graph] = await Promise.all([get(path.task(this.id)), get(path.graph(this.id)).catch((error) => ({ layers: 0, nodes: [], edges: [], error: error.message }))]);
      if (mine !== this.loads) return; // a later one tells more
      this.loading = false;
      if (detail.error && !detail.processes) return this.unreadable(detail);
      this.asked = Date.now() / 1000; // what it says of the time that is left counts from here
      this.model = new TaskModel(detail, graph);
      const missed = this.waiting.filter((event) => isBehind(event.id, detail.position));
      this.waiting = [];
      this.open(here());
      for (const event of missed) this.take(event);
      this.askWhy();
      clearInterval(this.tick);
      // What runs takes longer, and nothing tells.
      this.tick = setInterval(() => !kOver.has(this.model.detail.state) && this.at === null && !document.hidden && this.soon(), 1000);
    } catch (error) {
      if (mine !== this.loads) return;
      this.loading = false;
      replace(this.body, h("p", { class: "answer" }, error.status === 404 ? "There is no task " + this.id + "." : error.message));
    }
  }
  unreadable(detail) {
    replace(this.head, h("h1", null, this.id));
    replace(this.body, h("p", { class: "answer" }, detail.error), h("ul", null, (detail.findings || []).map((one) =>
      h("li", null, one.severity + ": " + one.file + (one.offset !== undefined ? " at " + one.offset : "") + ": " + one.what + (one.advice ? "; " + one.advice : "")))));
  }

  // Shows another view of the same task.
  open(place) {
    this.at = place.query.at ? Number(place.query.at) : null;
    if (!this.model) return;
    if (this.view && this.view.leave) this.view.leave();
    const make = { table: TableView, graph: GraphView, timeline: TimelineView, files: FilesView }[place.view];
    const view = place.view === "p" ? (place.run !== undefined ? LogView : ProcessView) : make || TableView;
    this.name = place.view;
    this.view = new view(this, place);
    replace(this.body, this.view.element);
    replace(this.tabs, kViews.filter(([name]) => !kept || name !== "files").map(([name, word]) => h("a", { href: link.task(this.id, name), "aria-current": this.name === name ? "page" : null }, word)));
    this.showWhy();
    this.soon();
  }

  // An event of the task. What is known already changes nothing.
  take(event) {
    if (this.loading) this.waiting.push(event);
    else if (!this.model) this.load(); // it was not there, or could not be read
    if (!this.model) return;
    const known = !event.anew && (event.records || []).every((record) => this.model.take(record));
    if (!known) this.load();
    else if ((event.records || []).some((record) => record.kind === "task")) this.askWhy();
    this.soon();
  }
  refresh(event) {
    if (event && event.task_id === this.id) this.take(event);
    if (!event) this.load(); // all may be different
  }

  // Why it failed stands on top of it.
  askWhy() {
    const state = this.model.detail.state;
    if (state !== "FAILED" && state !== "LOST" && state !== "KILLED") return;
    get(path.why(this.id)).then((why) => {
      replace(this.why, whyText(why, this.id));
      this.showWhy();
    }, () => {});
  }

  // Not above what is asked of one process.
  showWhy() {
    this.why.hidden = this.why.childElementCount === 0 || this.name === "p" || this.name === "files";
    // Files and output are as they are now.
    this.scrub.hidden = this.view instanceof FilesView || this.view instanceof LogView;
  }

  span() {
    const begin = this.model.begin();
    return [begin, this.model.end() ?? Math.max(begin + 0.001, this.now)];
  }
  drag() {
    const [begin, end] = this.span();
    const share = Number(this.slider.value) / 1000;
    this.look(share >= 1 ? null : begin + (end - begin) * share);
  }
  // As exactly as the address says it.
  look(at) {
    this.at = at === null ? null : Math.round(at * 1000) / 1000;
    setQuery({ at: at === null ? null : this.at.toFixed(3) });
    this.soon();
  }
  step(by) {
    this.slider.value = String(Number(this.slider.value) + by);
    this.drag();
  }
  move(by) {
    if (this.view && this.view.move) this.view.move(by);
  }

  draw() {
    if (!this.model || !this.view) return;
    this.now = Date.now() / 1000;
    const [begin, end] = this.span();
    this.slider.value = String(this.at === null ? 1000 : Math.round((1000 * (this.at - begin)) / (end - begin)));
    replace(this.moment, this.at === null ? (this.model.end() ? "at its end" : "now") : clock(this.at) + ", " + duration(this.at - begin) + " in");
    this.back.hidden = this.at === null;
    this.slider.setAttribute("aria-valuetext", this.moment.textContent);
    const rows = this.model.rowsAt(this.at, this.now);
    this.states = new Map(rows.map((row) => [row.name, row.state]));
    const counts = countStates(rows);
    this.path = this.name === "timeline" || this.name === "graph" ? this.model.criticalPath(this.at) : [];
    this.drawHead(rows, counts, begin, end);
    this.view.draw(rows, counts);
  }
  drawHead(rows, counts, begin, end) {
    const state = this.model.stateAt(this.at);
    const left = this.model.detail.time_left;
    const head = this.model.detail.header || {};
    const running = (counts.get("RUNNING") || 0) + (counts.get("FORKED") || 0);
    const words = [counts.get("SUCCESS") + "/" + rows.length + " done", counts.get("FAILED") && counts.get("FAILED") + " failed", running && running + " running",
      kOver.has(state) ? "took " + duration(end - begin) : this.at === null ? "for " + duration(end - begin) : null,
      left > this.now - this.asked && this.at === null && !kOver.has(state) && "about " + duration(left - (this.now - this.asked)) + " left",
      head.user && "as " + head.user + " on " + head.hostname,
      this.model.end() && this.at === null && "ended " + ago(this.model.end(), this.now)].filter(Boolean);
    replace(this.head, h("h1", null, this.id, " ", h("span", { class: "tag " + stateClass(state) }, state || "not begun")), h("p", { class: "soft" }, words.join(", ")),
      this.model.graph.error && h("p", { class: "answer" }, this.model.graph.error, ": what has not run is not shown"));
  }
}
