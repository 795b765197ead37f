// The sandbox: its files, to look at and to download.
import { h, replace } from "./dom.js";
import { bytes, day } from "./words.js";
import { link } from "./place.js";
import { get, path } from "./source.js";

export class FilesView {
  constructor(page, place) {
    const id = page.model.id;
    const crumbs = [h("a", { href: link.files(id, []) }, "sandbox")];
    place.path.forEach((one, i) => crumbs.push(" / ", h("a", { href: link.files(id, place.path.slice(0, i + 1)) }, readable(one))));
    this.list = h("div", null, "reading");
    this.element = h("div", { class: "scrolls fill" }, h("h2", null, crumbs), this.list);
    get(path.files(id, place.path)).then((directory) => this.show(directory, id, place.path), (error) => replace(this.list, error.message));
  }
  draw() {}
  show(directory, id, parts) {
    const order = { directory: 0 };
    const entries = [...directory.entries].sort((a, b) => (order[a.kind] ?? 1) - (order[b.kind] ?? 1) || a.name.localeCompare(b.name, "en", { numeric: true }));
    const name = (entry) => entry.kind === "directory" ? h("a", { href: link.files(id, [...parts, entry.href]) }, entry.name + "/")
      : entry.kind === "file" ? h("a", { href: path.files(id, [...parts, entry.href]), download: entry.name }, entry.name)
        : entry.name + (entry.target !== undefined ? " \u2192 " + entry.target : "");
    replace(this.list, entries.length === 0 ? h("p", null, "There is nothing in it.") : h("table", { class: "plain" },
      h("thead", null, h("tr", null, [["name"], ["kind", "narrow-hides"], ["size", "number"], ["changed", "number"]].map(([word, kind]) => h("th", { scope: "col", class: kind }, word)))),
      h("tbody", null, entries.map((entry) => h("tr", null, h("td", null, name(entry)), h("td", { class: "narrow-hides" }, entry.kind),
        h("td", { class: "number" }, bytes(entry.size)), h("td", { class: "number" }, day(entry.modify_time)))))),
      directory.more && h("p", null, "There are more; the first 10,000 are shown."));
  }
}

function readable(href) {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}
