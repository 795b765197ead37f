// When everything ran: a line for each process, its runs and waits, the critical path, idle time folded.
import { h, replace, colours, fit } from "./dom.js";
import { clock, duration, ending, kOrder, plural } from "./words.js";
import { cut } from "./graph_view.js";
import { link } from "./place.js";

const kLine = 20, kHead = 24, kNames = 170;

export class TimelineView {
  constructor(page) {
    this.page = page;
    this.lines = [];
    this.onlyPath = false;
    this.canvas = h("canvas", { role: "img", "aria-label": "timeline", "aria-describedby": "time-words" });
    this.space = h("div", { class: "space" });
    this.frame = h("div", { class: "picture scrolls", tabindex: "0", role: "region", "aria-label": "timeline, scrolled" }, this.canvas, this.space);
    this.words = h("p", { id: "time-words", class: "count" });
    this.list = h("details", { class: "as-list" }, h("summary", null, "The same as a list"), h("div"));
    this.list.addEventListener("toggle", () => page.soon());
    const check = h("input", { type: "checkbox", onchange: () => { this.onlyPath = check.checked; page.soon(); } });
    this.element = h("div", { class: "fill" }, h("div", { class: "bar" }, h("label", null, check, "critical path only"), this.words), this.frame, this.list);
    this.frame.addEventListener("scroll", () => page.soon(), { passive: true });
    this.canvas.addEventListener("click", (event) => {
      const line = this.lineAt(event);
      if (line) location.hash = link.process(page.model.id, line.name);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const line = this.lineAt(event);
      this.canvas.style.cursor = line ? "pointer" : "";
      this.canvas.title = line ? line.name + ": " + line.runs.map((run) => (run.state + " " + duration((run.stop_time ?? this.until) - (run.start_time ?? run.waiting_time)) + " " + ending(run)).trim()).join("; ") : "";
    });
    this.watch = new ResizeObserver(() => page.soon());
    this.watch.observe(this.frame);
  }
  leave() {
    this.watch.disconnect();
  }
  lineAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const y = event.clientY - box.top - kHead;
    return y < 0 ? null : this.lines[Math.floor((y + this.frame.scrollTop) / kLine)];
  }

  draw() {
    const { model, at, now, path } = this.page;
    const onPath = new Set(path);
    this.until = at ?? model.end() ?? now;
    this.lines = [];
    for (const name of this.onlyPath ? path : model.names) {
      const runs = model.runsAt(name, at);
      if (runs.length) this.lines.push({ name, runs, from: runs[0].waiting_time ?? runs[0].start_time ?? 0 });
    }
    this.lines.sort((a, b) => a.from - b.from || (a.name < b.name ? -1 : 1));
    this.showFailure();
    const width = this.frame.clientWidth, height = this.frame.clientHeight;
    if (!width || !height) return;
    this.space.style.height = kHead + this.lines.length * kLine + "px";
    const context = fit(this.canvas, width, height);
    this.canvas.style.marginBottom = -height + "px"; // it lies over the space that scrolls
    const colour = colours();
    const names = Math.min(kNames, width / 3);
    const axis = folded(this.lines, model.begin(), this.until);
    const x = (time) => names + (axis.place(time) * (width - names - 8));
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    const first = Math.max(0, Math.floor(this.frame.scrollTop / kLine));
    const last = Math.min(this.lines.length, Math.ceil((this.frame.scrollTop + height) / kLine));
    for (const gap of axis.gaps) {
      context.fillStyle = colour("fold");
      context.fillRect(x(gap.from), kHead, Math.max(2, x(gap.to) - x(gap.from)), height);
    }
    const ofState = new Map(kOrder.map((state) => [state, colour("s-" + (state || "none").toLowerCase())]));
    for (let i = first; i < last; ++i) {
      const line = this.lines[i];
      const y = kHead + i * kLine - this.frame.scrollTop;
      for (const run of line.runs) {
        const begin = run.waiting_time ?? run.fork_time ?? run.start_time;
        const from = run.start_time ?? run.stop_time ?? this.until;
        context.fillStyle = colour("wait");
        context.fillRect(x(begin), y + kLine / 2 - 2, Math.max(0, x(from) - x(begin)), 3);
        if (run.start_time === undefined && run.stop_time === undefined) continue;
        context.fillStyle = ofState.get(run.state);
        context.fillRect(x(from), y + 4, Math.max(2, x(run.stop_time ?? this.until) - x(from)), kLine - 8);
      }
      if (onPath.has(line.name)) {
        context.fillStyle = colour("path");
        context.fillRect(names - 5, y + 2, 3, kLine - 4);
      }
      context.fillStyle = colour("text");
      context.fillText(cut(context, line.name, names - 16), 6, y + kLine / 2 + 1);
    }
    context.fillStyle = colour("ground");
    context.fillRect(0, 0, width, kHead);
    context.fillStyle = colour("soft");
    for (const time of axis.ticks(Math.max(2, Math.floor((width - names) / 110)))) {
      context.fillRect(x(time), kHead - 4, 1, 4);
      const words = duration(time - model.begin());
      if (x(time) + context.measureText(words).width < width) context.fillText(words, x(time), kHead / 2);
    }
    replace(this.words, plural(this.lines.length, "process") + ", " + duration(this.until - model.begin()) +
      (path.length ? "; critical path: " + plural(path.length, "process") : "") +
      (axis.gaps.length ? "; idle time folded: " + duration(axis.gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0)) : ""));
    if (this.list.open) this.drawList(onPath);
  }

  // At first, what failed first is in sight.
  showFailure() {
    if (this.seen || !this.lines.length || !this.frame.clientHeight) return;
    this.seen = true;
    const failed = (line) => line.runs[line.runs.length - 1].state === "FAILED";
    const first = this.lines.findIndex(failed);
    if (first < 0) return;
    this.space.style.height = kHead + this.lines.length * kLine + "px";
    this.frame.scrollTop = Math.max(0, first * kLine - this.frame.clientHeight / 2);
  }

  drawList(onPath) {
    const most = 500;
    const id = this.page.model.id;
    replace(this.list.lastChild, h("table", null,
      h("thead", null, h("tr", null, ["process", "run", "began", "waited", "took", "ended", "critical"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, this.lines.slice(0, most).flatMap((line) => line.runs.map((run) => h("tr", null,
        h("td", null, h("a", { href: link.process(id, line.name) }, line.name)), h("td", null, run.run), h("td", null, clock(run.start_time)),
        h("td", null, duration((run.start_time ?? this.until) - run.waiting_time)),
        h("td", null, run.start_time === undefined ? "" : duration((run.stop_time ?? this.until) - run.start_time)),
        h("td", null, (run.state + " " + ending(run)).trim()), h("td", null, onPath.has(line.name) ? "yes" : "")))))),
      this.lines.length > most && h("p", null, "The first " + most + " processes; the table has all."));
  }
}

// The axis of time, where stretches in which nothing runs take little room.
function folded(lines, begin, end) {
  const busy = [];
  for (const line of lines) {
    for (const run of line.runs) busy.push([run.waiting_time ?? run.start_time ?? begin, run.stop_time ?? end]);
  }
  busy.sort((a, b) => a[0] - b[0]);
  const total = Math.max(1e-6, end - begin);
  const gaps = [];
  let until = begin;
  for (const [from, to] of busy) {
    if (from - until > total / 20) gaps.push({ from: until, to: from });
    until = Math.max(until, to);
  }
  if (end - until > total / 20) gaps.push({ from: until, to: end });
  const idle = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const kept = Math.max(1e-6, total - idle);
  const small = Math.min(0.03, 0.3 / Math.max(1, gaps.length)); // of the width, for each gap
  const rest = 1 - small * gaps.length;
  return {
    gaps,
    place(time) {
      let before = 0; // idle time before it
      let seen = 0;
      for (const gap of gaps) {
        if (time >= gap.to) {
          before += gap.to - gap.from;
          ++seen;
        } else if (time > gap.from) {
          const share = (time - gap.from) / (gap.to - gap.from);
          return ((gap.from - begin - before) / kept) * rest + (seen + share) * small;
        }
      }
      return ((Math.min(Math.max(time, begin), end) - begin - before) / kept) * rest + seen * small;
    },
    ticks(count) {
      const step = total / count;
      const power = 10 ** Math.floor(Math.log10(step));
      const nice = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= step);
      const times = [];
      for (let time = begin; time <= end && times.length < 50; time += nice) times.push(time);
      return times.filter((time) => !gaps.some((gap) => time > gap.from && time < gap.to));
    },
  };
}
