// One process: its runs, why it is as it is, what it needs and who needs it.
import { h, replace } from "./dom.js";
import { clock, duration, ending, stateClass, stateWord } from "./words.js";
import { link } from "./place.js";
import { get, path } from "./source.js";
import { Resources } from "./resources.js";

const kRuns = [["run", "number"], ["state"], ["why"], ["waited", "number narrow-hides"], ["took", "number"], ["began", "number narrow-hides"],
  ["ended", "number narrow-hides"], ["pid", "number narrow-hides"], ["output"]];

export class ProcessView {
  constructor(page, place) {
    this.page = page;
    this.name = place.process;
    this.why = h("div", { class: "why", role: "status" }, "asking");
    this.runs = h("div");
    this.resources = new Resources();
    this.graph = h("div");
    this.asked = undefined;
    this.config = h("div", { class: "config" });
    this.askConfig();
    this.element = h("div", { class: "scrolls fill" },
      h("h2", null, this.name, " ", h("span", { id: "process-state" })), this.why,
      h("h3", null, "Runs"), this.runs, this.resources.element, h("h3", null, "Order"), this.graph,
      h("h3", null, "Configuration"), this.config);
  }
  draw() {
    const { model, at, now } = this.page;
    const runs = model.runsAt(this.name, at);
    const last = runs[runs.length - 1];
    const state = last ? last.state : "";
    this.why.className = "why of-" + stateClass(state);
    replace(this.element.querySelector("#process-state"), h("span", { class: "tag " + stateClass(state) }, stateWord(state)));
    const id = model.id;
    replace(this.runs, runs.length === 0 ? h("p", null, "It has not run.") : h("table", { class: "plain" },
      h("thead", null, h("tr", null, kRuns.map(([word, kind]) => h("th", { scope: "col", class: kind }, word)))),
      h("tbody", null, [...runs].reverse().slice(0, 200).map((run) => h("tr", null,
        h("td", { class: "number" }, run.run), h("td", null, h("span", { class: "tag " + stateClass(run.state) }, run.state)), h("td", null, ending(run) || run.status || ""),
        h("td", { class: "number narrow-hides" }, run.waiting_time === undefined ? "" : duration((run.start_time ?? run.stop_time ?? at ?? now) - run.waiting_time)),
        h("td", { class: "number" }, run.start_time === undefined ? "" : duration((run.stop_time ?? at ?? now) - run.start_time)),
        h("td", { class: "number narrow-hides" }, clock(run.start_time)), h("td", { class: "number narrow-hides" }, clock(run.stop_time)),
        h("td", { class: "number narrow-hides" }, run.pid ?? ""),
        h("td", null, run.start_time === undefined ? "" : [h("a", { href: link.log(id, this.name, run.run, "stdout") }, "stdout"), " ",
          h("a", { href: link.log(id, this.name, run.run, "stderr") }, "stderr")]))))));
    this.resources.draw(model.id, this.name, runs, at);
    this.drawOrder(model);
    this.ask(state + runs.length + (last && last.seq) + "@" + at);
  }
  // Again when something about it has changed.
  ask(what) {
    if (what === this.asked) return;
    this.asked = what;
    const { model, at } = this.page;
    get(path.why(model.id, this.name, at)).then((why) => what === this.asked && replace(this.why, whyText(why, model.id)),
      (error) => what === this.asked && replace(this.why, error.message));
  }
  // A replacement of the task's configuration opens this view anew.
  askConfig() {
    get(path.process(this.page.model.id, this.name)).then((told) => replace(this.config, fields(told.config),
      Object.keys(told.task).some((key) => !kOfTheTaskAlone.has(key)) && [h("p", { class: "soft" }, "of its task:"),
        fields(Object.fromEntries(Object.entries(told.task).filter(([key]) => !kOfTheTaskAlone.has(key))))]),
    (error) => replace(this.config, error.message));
  }
  drawOrder(model) {
    const index = model.nodeOf.get(this.name);
    if (index === undefined) return replace(this.graph, h("p", null, "The configuration does not have it any more."));
    const names = (nodes) => nodes.flatMap((node) => model.graph.nodes[node].processes);
    const list = (title, all) => h("p", null, title + ": ", all.length === 0 ? "none" : all.slice(0, 30).map((name, i) => [i ? ", " : "", h("a", { href: link.process(model.id, name) }, name),
      h("span", { class: "dot " + stateClass(this.page.states.get(name)), title: stateWord(this.page.states.get(name)) })]), all.length > 30 && " and " + (all.length - 30) + " more");
    const node = model.graph.nodes[index];
    const kind = ["final", "daemon", "ephemeral"].filter((word) => node[word]).join(", ");
    replace(this.graph, kind && h("p", null, "kind: " + kind), list("waits for", names(model.needs[index])),
      list("needed by", names(model.graph.edges.filter((edge) => edge.from === index).map((edge) => edge.to))));
  }
}

const kOfTheTaskAlone = new Set(["name", "max_failures"]); // they tell nothing of one process

// What is set, in the keys of a configuration. Its command line comes first and as it is written.
function fields(set) {
  const value = (key, one) => typeof one === "string" ? (key === "cmdline" || one.includes("\n") ? h("pre", { tabindex: "0" }, one) : one)
    : key === "argv" ? h("pre", { tabindex: "0" }, JSON.stringify(one))
      : Array.isArray(one) ? one.map((item) => (typeof item === "object" ? JSON.stringify(item) : item)).join(", ")
        : one !== null && typeof one === "object" ? h("dl", null, Object.entries(one).map(([name, inner]) => [h("dt", null, name), h("dd", null, value(name, inner))]))
          : String(one);
  const first = (key) => (key === "cmdline" || key === "argv" ? 0 : 1);
  return h("dl", null, Object.entries(set).filter(([key]) => key !== "name").sort(([a], [b]) => first(a) - first(b))
    .map(([key, one]) => [h("dt", null, key), h("dd", null, value(key, one))]));
}

// An answer to `why`: what came about, what was printed then, and what led to it.
export function whyText(why, id) {
  const output = why.output && why.output.lines && why.output.lines.length > 0 && why.output;
  return [
    h("p", { class: "answer" }, why.answer),
    output && h("figure", null,
      h("pre", { tabindex: "0" }, output.lines.join("\n")),
      h("figcaption", null, "last lines of ", h("a", { href: link.log(id, output.process, output.run, output.path.endsWith("stdout") ? "stdout" : "stderr"), title: output.path },
        (output.path.endsWith("stdout") ? "stdout" : "stderr") + " of " + output.process))),
    why.causes && why.causes.length > 0 && h("ol", null, why.causes.map((cause) => h("li", null,
      cause.time !== undefined && h("time", null, clock(cause.time) + " "), causeText(cause, id)))),
    why.advice && h("p", { class: "advice" }, why.advice),
  ];
}

// The process stands in the text already, or before it.
function causeText(cause, id) {
  if (cause.process === undefined) return cause.text;
  const to = h("a", { href: link.process(id, cause.process) }, cause.process);
  return cause.text.startsWith(cause.process) ? [to, cause.text.slice(cause.process.length)] : [to, ": " + cause.text];
}
