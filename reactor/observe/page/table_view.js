// The processes of a task as a table: what failed first, then what runs, what waits, and what is over.
import { h, replace } from "./dom.js";
import { clock, duration, ending, kOrder, plural, stateClass, stateWord } from "./words.js";
import { RowsTable } from "./rows.js";
import { link, setQuery } from "./place.js";

export class TableView {
  constructor(page, place) {
    this.page = page;
    this.state = place.query.state || "";
    this.search = h("input", { type: "search", id: "search", placeholder: "filter processes", "aria-label": "filter processes",
      value: place.query.q || "", oninput: () => { setQuery({ q: this.search.value }); page.soon(); } });
    this.chips = h("div", { class: "chips", role: "group", "aria-label": "states" });
    this.rows = new RowsTable();
    const id = page.model.id;
    this.rows.setup("processes", [
      { title: "process", class: "name", cell: (row) => h("a", { href: link.process(id, row.name), title: row.name }, row.name, kind(page.model.node(row.name))) },
      { title: "state", class: "state", cell: (row) => h("span", { class: "tag " + stateClass(row.state) }, stateWord(row.state)) },
      { title: "why", class: "wide", cell: (row) => (row.run ? ending(row.run) || row.run.status || "" : waits(page, row)) },
      { title: "took", class: "number narrow-hides", cell: (row) => duration(row.took) },
      { title: "runs", class: "number narrow-hides", cell: (row) => row.runs || "" },
      { title: "since", class: "number time narrow-hides", cell: (row) => clock(row.since) },
      { title: "output", class: "short narrow-hides", cell: (row) => row.run && row.run.start_time !== undefined && [
        h("a", { href: link.log(id, row.name, row.run.run, "stdout"), "aria-label": "out: stdout of " + row.name }, "out"), " ",
        h("a", { href: link.log(id, row.name, row.run.run, "stderr"), "aria-label": "err: stderr of " + row.name }, "err")] },
    ]);
    this.element = h("div", { class: "fill" }, h("div", { class: "bar" }, this.search, this.chips), this.rows);
  }
  move(by) {
    this.rows.move(by);
  }
  // rows: of the moment that is looked at.
  draw(rows, counts) {
    replace(this.chips, kOrder.filter((state) => counts.get(state) > 0).map((state) => {
      const word = stateWord(state);
      return h("button", { type: "button", class: "tag " + stateClass(state), "aria-pressed": String(this.state === word),
        onclick: () => { this.state = this.state === word ? "" : word; setQuery({ state: this.state }); this.page.soon(); } },
      word + " " + counts.get(state).toLocaleString("en"));
    }));
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = rows.filter((row) => (!this.state || stateWord(row.state) === this.state) &&
      words.every((word) => row.name.toLowerCase().includes(word)));
    const rank = new Map(kOrder.map((state, index) => [state, index]));
    const time = (row) => (row.run && (row.run.stop_time ?? row.since)) || 0;
    // Of what failed the first, of what runs the longest, of what is over the latest come first.
    shown.sort((a, b) => rank.get(a.state) - rank.get(b.state) ||
      (a.state === "SUCCESS" ? time(b) - time(a) : time(a) - time(b)));
    this.rows.show(shown);
  }
}

function kind(node) {
  const words = ["final", "daemon", "ephemeral"].filter((word) => node[word]);
  return words.length ? h("small", null, " " + words.join(", ")) : null;
}

// What one that has not run waits for.
function waits({ model, at, states }, row) {
  const over = at === null && model.end();
  const open = [];
  for (const need of model.needs[model.nodeOf.get(row.name)] || []) {
    const names = model.graph.nodes[need].processes.filter((name) => states.get(name) !== "SUCCESS");
    if (names.length) open.push(names.length === 1 ? names[0] : names[0] + " and " + plural(names.length - 1, "other"));
  }
  if (over && open.length === 0) return "the task ended before its turn";
  return open.length ? (over ? "waited for " : "waits for ") + open.slice(0, 3).join(", ") + (open.length > 3 ? " and more" : "") : "";
}
