// What a run printed: its end first, more when asked, followed while it runs, searched.
import { h, replace } from "./dom.js";
import { bytes } from "./words.js";
import { link } from "./place.js";
import { followLog, kept, path, readLog, whileSeen } from "./source.js";

const kPart = 256 * 1024; // read at a time
const kMost = 8 * 1024 * 1024; // in the page
const kTrouble = /\b(error|fatal|exception|traceback|panic|failed|failure|cannot|can't|denied|not found|killed|abort(ed)?|segmentation)\b/i;

export class LogView {
  constructor(page, place) {
    this.url = path.log(page.model.id, place.process, place.run, place.stream);
    this.text = "";
    this.begin = 0;
    this.end = 0; // how far it was read
    this.reading = null; // what stands before
    this.hit = -1;
    this.stop = new AbortController();
    const id = page.model.id;
    this.search = h("input", { type: "search", id: "search", placeholder: "search (Enter: next)", "aria-label": "search the output",
      onkeydown: (event) => { if (event.key === "Enter") this.find(this.search.value, event.shiftKey); } });
    this.following = h("input", { type: "checkbox", checked: true });
    this.said = h("p", { class: "count", role: "status" });
    this.pre = h("pre", { class: "log", tabindex: "0", "aria-label": place.stream + " of " + place.process });
    this.more = h("button", { type: "button", onclick: () => this.readBefore() }, "earlier");
    const other = place.stream === "stdout" ? "stderr" : "stdout";
    this.element = h("div", { class: "fill" },
      h("h2", null, h("a", { href: link.process(id, place.process) }, place.process), " run " + place.run + " " + place.stream),
      h("div", { class: "bar" }, this.search,
        h("button", { type: "button", onclick: () => this.find(kTrouble, false, true) }, "first failure"), this.more,
        h("label", null, this.following, "follow"),
        h("a", { href: link.log(id, place.process, place.run, other) }, other),
        !kept && h("a", { href: this.url, download: place.process + "." + place.run + "." + place.stream }, "download"), this.said), this.pre);
    this.read();
  }
  leave() {
    this.stop.abort();
  }
  draw() {}

  async read() {
    try {
      const got = await readLog(this.url, -kPart, kPart);
      this.text = got.text;
      this.begin = got.begin;
      this.end = got.end;
      this.show(true);
      if (!kept) whileSeen((signal) => this.follow(signal), this.stop.signal);
    } catch (error) {
      replace(this.said, error.message);
    }
  }
  async follow(signal) {
    try {
      await followLog(this.url, this.end, signal, (text) => this.append(text));
    } catch (error) {
      if (error.name !== "AbortError") replace(this.said, error.message);
    }
  }
  append(text) {
    this.text += text;
    this.end += new TextEncoder().encode(text).length;
    if (this.text.length > kMost) {
      const cut = this.text.length - kMost;
      this.begin += new TextEncoder().encode(this.text.slice(0, cut)).length;
      this.text = this.text.slice(cut);
      this.show(this.following.checked);
      return;
    }
    this.pre.append(text);
    this.say();
    if (this.following.checked) this.pre.scrollTop = this.pre.scrollHeight;
  }
  // Reads more of what stands before, once however often it is asked. Returns whether that is in the page now.
  readBefore() {
    this.reading ??= this.readPart().finally(() => { this.reading = null; });
    return this.reading;
  }
  async readPart() {
    const begin = this.begin;
    const from = Math.max(0, begin - kPart);
    if (from === begin) return false;
    let got;
    try {
      got = await readLog(this.url, from, begin - from);
    } catch (error) {
      replace(this.said, error.message);
      return false;
    }
    if (this.begin !== begin) return false; // what was printed meanwhile has pushed the beginning out of the page
    const height = this.pre.scrollHeight - this.pre.scrollTop;
    this.text = got.text + this.text;
    this.begin = from;
    this.show(false);
    this.pre.scrollTop = this.pre.scrollHeight - height;
    return true;
  }
  show(end) {
    replace(this.pre, this.text);
    this.say();
    if (end) this.pre.scrollTop = this.pre.scrollHeight;
  }
  say() {
    this.more.disabled = this.begin === 0;
    replace(this.said, this.end === 0 ? "nothing was printed" : bytes(this.end) + (this.begin > 0 ? ", the first " + bytes(this.begin) + " not read" : ""));
  }

  // Marks the next place that matches; with `first`, the first of all that is on record.
  async find(what, backwards, first) {
    if (first) while (this.text.length < kMost && await this.readBefore());
    const text = this.text;
    let at = -1, length = 0;
    if (what instanceof RegExp) {
      const match = what.exec(text);
      if (match) [at, length] = [match.index, match[0].length];
    } else if (what) {
      const low = text.toLowerCase(), wanted = what.toLowerCase();
      length = what.length;
      at = backwards ? low.lastIndexOf(wanted, this.hit < 0 ? low.length : this.hit - 1) : low.indexOf(wanted, this.hit + 1);
      if (at < 0) at = backwards ? low.lastIndexOf(wanted) : low.indexOf(wanted);
    }
    this.hit = at;
    if (at < 0) {
      replace(this.said, what instanceof RegExp ? "no line reads like a failure" : "not found in what was read");
      return;
    }
    this.following.checked = false;
    const mark = h("mark", null, text.slice(at, at + length));
    replace(this.pre, text.slice(0, at), mark, text.slice(at + length));
    mark.scrollIntoView({ block: "center" });
  }
}
