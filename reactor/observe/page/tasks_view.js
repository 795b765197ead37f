// All tasks: state, progress, the last change.
import { h, replace, inFrame } from "./dom.js";
import { ago, day, duration, kOver, stateClass, plural } from "./words.js";
import { RowsTable } from "./rows.js";
import { link } from "./place.js";

const kFilters = ["all", "active", "failed", "finished"];

export class TasksView {
  constructor(store, place) {
    this.store = store;
    this.search = h("input", { type: "search", id: "search", placeholder: "filter by id, user, process", "aria-label": "filter tasks",
      value: place.query.q || "", oninput: () => this.soon() });
    this.only = h("select", { "aria-label": "which tasks", onchange: () => this.soon() },
      kFilters.map((word) => h("option", { value: word }, word)));
    this.only.value = place.query.only || "all";
    this.count = h("p", { class: "count", role: "status" });
    this.rows = new RowsTable();
    this.rows.setup("tasks", [
      { title: "task", class: "name", cell: (row) => h("a", { href: link.task(row.task_id), title: row.task_id }, row.task_id) },
      { title: "state", class: "state", cell: (row) => h("span", { class: "tag " + stateClass(row.state) }, row.state || (row.error ? "unreadable" : "not begun")) },
      { title: "progress", class: "progress", cell: (row) => progress(row) },
      { title: "what to know", class: "wide narrow-hides", cell: (row) => note(row) },
      { title: "user", class: "short narrow-hides", cell: (row) => (row.header ? row.header.user : "") },
      { title: "began", class: "day narrow-hides", cell: (row) => (row.header ? day(row.header.launch_time_ms / 1000) : "") },
      { title: "last change", class: "time narrow-hides", cell: (row) => (row.change_time ? ago(row.change_time, Date.now() / 1000) : "") },
    ]);
    this.element = h("section", { class: "fill" }, h("h1", null, "Tasks"),
      h("div", { class: "bar" }, this.search, this.only, this.count), this.rows);
    this.soon = inFrame(() => this.draw());
    this.soon();
  }
  refresh() {
    this.soon();
  }
  move(by) {
    this.rows.move(by);
  }
  draw() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = this.only.value;
    const all = [...this.store.tasks.values()];
    const rows = all.filter((row) => {
      if (only === "active" && row.shelf !== "active") return false;
      if (only === "finished" && row.shelf !== "finished") return false;
      if (only === "failed" && row.state !== "FAILED" && !row.error) return false;
      const text = [row.task_id, row.state, row.first_failed, row.header && row.header.user].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const began = (row) => (row.header ? row.header.launch_time_ms : 0);
    rows.sort((a, b) => Number(b.shelf === "active") - Number(a.shelf === "active") || began(b) - began(a));
    replace(this.count, rows.length === all.length ? plural(all.length, "task") : rows.length + " of " + plural(all.length, "task"));
    this.rows.show(rows);
  }
}

// How many processes are over, as a bar and in words.
function progress(row) {
  const p = row.progress;
  if (!p) return "";
  const done = p.SUCCESS || 0;
  const failed = p.FAILED || 0;
  const running = (p.RUNNING || 0) + (p.FORKED || 0);
  const total = p.processes || 1;
  const piece = (count, name) => count > 0 && h("i", { class: "s-" + name, style: { width: (100 * count) / total + "%" } });
  const more = (failed ? ", " + failed + " failed" : "") + (running ? ", " + running + " running" : "");
  const words = [done + "/" + p.processes, more && h("span", { class: "narrow-hides" }, more)];
  return h("span", { class: "meter" }, h("b", { "aria-hidden": "true" }, piece(done, "success"), piece(failed, "failed"), piece(running, "running")), words);
}

function note(row) {
  if (row.error) return row.error;
  if (row.first_failed !== undefined) return "failed first: " + row.first_failed;
  if (row.reason) return row.reason;
  if (kOver.has(row.state) && row.end_time && row.header) return "took " + duration(row.end_time - row.header.launch_time_ms / 1000);
  return "";
}
