// What the runs of a process use: charts of the one under way, and the sums of those that have ended.
import { h, replace, colours, fit, inFrame } from "./dom.js";
import { bytes, clock, duration, plural } from "./words.js";
import { get, kept, path } from "./source.js";

const kChartWidth = 300, kChartHeight = 70, kShownSeconds = 600; // pixels, and seconds

// From counters to rates: what was used from one sample to the next.
const rateOf = (key) => (sample, before) => {
  const time = before && sample.time - before.time;
  return time > 0 && sample[key] !== undefined && before[key] !== undefined ? (sample[key] - before[key]) / time : undefined;
};
const kCharts = [
  { name: "CPU", value: rateOf("cpu"), words: (value) => value.toFixed(2) + " cores", least: 1 },
  { name: "memory", value: (sample) => sample.memory, words: bytes, least: 1e6 },
  { name: "read", value: rateOf("read"), words: (value) => bytes(Math.round(value)) + "/s", least: 1e3 },
  { name: "written", value: rateOf("written"), words: (value) => bytes(Math.round(value)) + "/s", least: 1e3 },
];

export class Resources {
  constructor() {
    this.element = h("div");
    this.sums = h("div");
    this.charts = kCharts.map((chart) => {
      const canvas = h("canvas", { role: "img" });
      return { ...chart, canvas, figure: h("figure", { class: "chart" }, h("figcaption"), canvas) };
    });
    this.list = h("details", { class: "as-list" }, h("summary", null, "The same as a list"), h("div"));
    this.soon = inFrame(() => this.drawLive());
    this.list.addEventListener("toggle", this.soon);
    this.live = h("div", null, h("p", { class: "count" }), h("div", { class: "charts" }, this.charts.map((chart) => chart.figure)), this.list);
    replace(this.element, h("h3", null, "Resources"), this.live, this.sums);
    this.live.hidden = true;
    this.samples = [];
  }

  draw(id, name, runs, at) {
    this.drawSums(runs);
    const last = runs[runs.length - 1];
    const url = last && path.resources(id, name, last.run);
    if (this.url !== url) {
      this.url = url;
      this.samples = [];
    }
    this.past = at !== null;
    this.underWay = last && !this.past && last.fork_time !== undefined && last.stop_time === undefined && !kept;
    if (this.underWay && !this.asking) this.ask();
    // What was seen of a run stays until another one is looked at.
    this.live.hidden = this.past || this.samples.length === 0;
    this.element.hidden = this.live.hidden && !this.sums.childElementCount;
  }

  // While this is shown, and the run is under way: the program takes samples for who asks for them, and no others.
  async ask() {
    this.asking = true;
    while (this.underWay && this.element.isConnected) {
      if (!document.hidden) {
        const { url, samples } = this;
        const last = samples[samples.length - 1];
        const answer = await get(url + (last ? "?after=" + last.time : "")).catch(() => null);
        if (answer && url === this.url) this.take(answer.samples);
      }
      await new Promise((again) => setTimeout(again, 1000));
    }
    this.asking = false;
  }
  take(more) {
    const latest = more.length && more[more.length - 1].time;
    this.samples = [...this.samples, ...more].filter((sample) => sample.time > latest - kShownSeconds);
    if (more.length) this.soon();
  }

  drawLive() {
    const { samples } = this;
    const latest = samples[samples.length - 1];
    if (!latest || this.past) return;
    this.live.hidden = this.element.hidden = false;
    replace(this.live.firstChild, plural(latest.processes, "process") + ", " + duration(latest.cpu) + " of CPU so far" +
      (latest.read === undefined ? "" : ", " + bytes(latest.read) + " read, " + bytes(latest.written) + " written"));
    for (const chart of this.charts) {
      const values = samples.map((sample, i) => chart.value(sample, samples[i - 1]));
      const known = values.filter((value) => value !== undefined);
      chart.figure.hidden = known.length === 0;
      if (known.length) drawChart(chart, samples, values, known);
    }
    if (this.list.open) this.drawList();
  }

  drawList() {
    const most = 60;
    const rows = this.samples.map((sample, i) => [sample, this.samples[i - 1]]).slice(-most).reverse();
    const words = (chart, value) => (value === undefined ? "" : chart.words(value));
    replace(this.list.lastChild, h("table", null,
      h("thead", null, h("tr", null, ["time", ...kCharts.map((chart) => chart.name), "processes"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, rows.map(([sample, before]) => h("tr", null, h("td", null, clock(sample.time)),
        kCharts.map((chart) => h("td", { class: "number" }, words(chart, chart.value(sample, before)))), h("td", { class: "number" }, sample.processes))))));
  }

  drawSums(runs) {
    const known = runs.filter((run) => run.cpu_user !== undefined || run.peak_memory !== undefined);
    const what = known.map((run) => run.run + "/" + run.seq).join();
    if (what === this.summed) return;
    this.summed = what;
    replace(this.sums, known.length > 0 && h("table", null,
      h("thead", null, h("tr", null, ["run", "CPU", "user", "system", "memory of its largest process"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, known.reverse().slice(0, 200).map((run) => h("tr", null, h("td", null, run.run),
        [run.cpu_user === undefined ? undefined : run.cpu_user + run.cpu_system, run.cpu_user, run.cpu_system].map((time) => h("td", { class: "number" }, time === undefined ? "" : duration(time))),
        h("td", { class: "number" }, bytes(run.peak_memory)))))));
  }
}

// A line over the last ten minutes, or over as much of them as there is.
function drawChart(chart, samples, values, known) {
  const end = samples[samples.length - 1].time;
  const begin = Math.max(end - kShownSeconds, Math.min(samples[0].time, end - 60));
  const top = Math.max(chart.least, ...known);
  const context = fit(chart.canvas, kChartWidth, kChartHeight);
  const colour = colours();
  const x = (time) => ((time - begin) / (end - begin)) * (kChartWidth - 2) + 1;
  const y = (value) => kChartHeight - 2 - (value / top) * (kChartHeight - 6);
  context.strokeStyle = colour("line");
  context.strokeRect(0.5, 0.5, kChartWidth - 1, kChartHeight - 1);
  context.strokeStyle = colour("link");
  context.lineWidth = 1.5;
  context.beginPath();
  let before;
  values.forEach((value, i) => {
    if (value === undefined) return;
    // Where nobody looked, there is a gap.
    const joined = before !== undefined && samples[i].time - samples[before].time < 5;
    if (joined) context.lineTo(x(samples[i].time), y(value));
    else context.moveTo(x(samples[i].time), y(value));
    before = i;
  });
  context.stroke();
  context.fillStyle = colour("soft");
  context.font = "10px system-ui, sans-serif";
  context.fillText(chart.words(top), 4, 12);
  const words = chart.words(known[known.length - 1]) + " now, " + chart.words(Math.max(...known)) + " at most";
  replace(chart.figure.firstChild, chart.name + ": " + words);
  chart.canvas.setAttribute("aria-label", chart.name + " over " + duration(end - samples[0].time) + ": " + words);
}
