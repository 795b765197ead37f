// The page: what is shown, the keys, and the one stream of events.
import { h, replace, inFrame } from "./dom.js";
import { get, isBehind, kept, listen } from "./source.js";
import { here, link } from "./place.js";
import { TasksView } from "./tasks_view.js";
import { TaskView } from "./task_view.js";

const main = document.getElementById("main");
const light = h("span", { class: "light", role: "status" }, "connecting");
const help = h("dialog", { "aria-label": "keys" }, h("h2", null, "Keys"), h("dl", null, [["/", "filter or search"], ["j, k", "down and up"], ["Enter", "open what is chosen"],
  ["b", "the table of the task"], ["g", "graph"], ["t", "timeline"], ["l", "output of the process"], ["s", "sandbox"], [", .", "back and forth in time"], ["n", "to now"], ["u", "back up"], ["?", "this list"]].map(([key, what]) => [h("dt", null, h("kbd", null, key)), h("dd", null, what)])),
h("form", { method: "dialog" }, h("button", null, "close")));
replace(document.getElementById("top"), h("a", { class: "home", href: link.tasks() }, "thermos"), light,
  h("button", { type: "button", "aria-label": "keys", onclick: () => help.showModal() }, "?"));
document.body.append(help);

const store = { tasks: new Map() };
let view = null;
let shown = {};

function route() {
  const place = here();
  if (place.task !== undefined && view instanceof TaskView && shown.task === place.task) {
    view.open(place);
  } else {
    if (view && view.leave) view.leave();
    view = place.task === undefined ? new TasksView(store, place) : new TaskView(store, place);
    replace(main, view.element);
    main.focus({ preventScroll: true });
  }
  shown = place;
  document.title = (place.process ?? place.task ?? "Tasks") + " \u2013 thermos";
}

let loads = 0;
let told = null; // events that came while the list was being read

// The answer was made before what is told meanwhile, which would be lost with the rows that it replaces.
async function load() {
  const mine = ++loads;
  told = [];
  try {
    const all = await get("/api/tasks");
    if (mine !== loads) return; // a later one tells more
    store.tasks = new Map(all.tasks.map((row) => [row.task_id, row]));
    for (const event of told) if (isBehind(event.id, all.position)) change(event);
  } catch (error) {
    if (mine !== loads) return;
    replace(light, error.message);
  }
  told = null;
  if (view) view.refresh();
}
function hear(event) {
  if (told) told.push(event);
  change(event);
}
function change(event) {
  if (event.removed) store.tasks.delete(event.task_id);
  else if (event.task) store.tasks.set(event.task_id, event.task);
}

const redrawList = inFrame(() => view instanceof TasksView && view.refresh());
listen({
  hello: () => load(),
  reset: () => load(),
  task(event, id) {
    event.id = id;
    hear(event);
    if (view instanceof TaskView) view.refresh(event);
    else redrawList();
  },
  removed(event, id) {
    event.id = id;
    event.removed = true;
    hear(event);
    redrawList();
  },
  state(word) {
    replace(light, word);
    light.className = "light " + word;
  },
});
if (kept) load();
setInterval(() => !document.hidden && redrawList(), 10000); // "2 min ago"

window.addEventListener("hashchange", route);
window.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const typing = event.target.matches && event.target.matches("input[type=search], select, textarea");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const place = here();
  const go = (address) => (location.hash = address);
  const keys = {
    "/": () => { const field = document.getElementById("search"); if (field) field.focus(); },
    j: () => view.move && view.move(1),
    k: () => view.move && view.move(-1),
    b: () => place.task !== undefined && go(link.task(place.task, "table")),
    g: () => place.task !== undefined && go(link.task(place.task, "graph")),
    t: () => place.task !== undefined && go(link.task(place.task, "timeline")),
    s: () => place.task !== undefined && go(link.files(place.task, [])),
    l: () => openLog(place, go),
    ",": () => view.step && view.step(-10),
    ".": () => view.step && view.step(10),
    n: () => view.look && view.look(null),
    u: () => go(place.process !== undefined && place.run !== undefined ? link.process(place.task, place.process) : place.process !== undefined || (place.view && place.view !== "table") ? link.task(place.task) : link.tasks()),
    "?": () => help.showModal(),
  };
  if (!Object.hasOwn(keys, event.key) || help.open) return;
  event.preventDefault();
  keys[event.key]();
});

// Of the process that is shown, or on whose row the keys stand; else of what failed first, or the first in the table.
function openLog(place, go) {
  if (!(view instanceof TaskView) || !view.model) return;
  const row = document.activeElement && document.activeElement.closest("tr");
  const name = place.process ?? (row && row.querySelector("a") && row.querySelector("a").title) ?? store.tasks.get(place.task)?.first_failed ?? view.view.rows?.rows[0]?.name;
  const runs = name ? view.model.runsAt(name, null) : [];
  if (runs.length) go(link.log(place.task, name, runs[runs.length - 1].run, "stderr"));
}

route();
