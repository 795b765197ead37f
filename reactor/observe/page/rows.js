// A table of any number of rows, of which only those that are seen are in the document.
import { h, replace, inFrame } from "./dom.js";

const kHeight = 32; // of a row, as the style sheet has it
const kBeyond = 8; // rows that are there above and below what is seen

export class RowsTable extends HTMLElement {
  // columns: [{title, cell(row) -> text or element, class}]. The first one has the link that the keys move over.
  setup(label, columns) {
    this.columns = columns;
    this.rows = [];
    this.body = h("tbody");
    this.table = h("table", { "aria-label": label },
      h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col", class: column.class }, column.title)))), this.body);
    this.setAttribute("tabindex", "0");
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", label);
    replace(this, this.table);
    this.drawSoon = inFrame(() => this.draw());
    this.addEventListener("scroll", this.drawSoon, { passive: true });
    this.watch = new ResizeObserver(this.drawSoon);
    this.watch.observe(this);
  }
  disconnectedCallback() {
    if (this.watch) this.watch.disconnect();
  }

  // Draws them at once: who calls is in a frame already.
  show(rows) {
    this.rows = rows;
    this.table.setAttribute("aria-rowcount", String(rows.length + 1));
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.scrollTop / kHeight) - kBeyond);
    const last = Math.min(this.rows.length, Math.ceil((this.scrollTop + this.clientHeight) / kHeight) + kBeyond);
    const focused = this.contains(document.activeElement) ? document.activeElement.closest("tr") : null;
    const index = focused ? Number(focused.dataset.index) : -1;
    const address = document.activeElement && document.activeElement.getAttribute("href");
    const lines = [];
    if (first > 0) lines.push(this.gap(first));
    for (let i = first; i < last; ++i) {
      const row = this.rows[i];
      lines.push(h("tr", { "data-index": i, "aria-rowindex": i + 2, class: row.class },
        this.columns.map((column) => h("td", { class: column.class }, column.cell(row)))));
    }
    if (last < this.rows.length) lines.push(this.gap(this.rows.length - last));
    replace(this.body, lines);
    if (index < 0) return;
    // The same link, wherever it stands now.
    const same = address && [...this.body.querySelectorAll("a")].find((link) => link.getAttribute("href") === address);
    if (same) same.focus({ preventScroll: true });
    else this.focusRow(index, false);
  }

  gap(rows) {
    return h("tr", { "aria-hidden": "true", class: "gap" },
      h("td", { style: { height: rows * kHeight + "px" } })); // without a span, which would bring hidden columns back
  }

  focusRow(index, scroll) {
    const row = this.body.querySelector('tr[data-index="' + index + '"]');
    const link = row && row.querySelector("a");
    if (link) link.focus({ preventScroll: !scroll });
    return link !== null && link !== undefined;
  }

  // j and k.
  move(by) {
    const focused = this.contains(document.activeElement) ? document.activeElement.closest("tr") : null;
    const from = focused ? Number(focused.dataset.index) : by > 0 ? -1 : this.rows.length;
    const to = Math.min(this.rows.length - 1, Math.max(0, from + by));
    const top = to * kHeight;
    if (top < this.scrollTop + kHeight) this.scrollTop = top;
    if (top + 3 * kHeight > this.scrollTop + this.clientHeight) this.scrollTop = top + 3 * kHeight - this.clientHeight;
    this.draw();
    this.focusRow(to, false);
  }
}
customElements.define("rows-table", RowsTable);
