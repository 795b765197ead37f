// Where the page has its data from: the program that serves it, or, in a page that was saved, from itself.

const saved = document.getElementById("saved");
export const kept = saved ? JSON.parse(saved.textContent) : null;

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const part = encodeURIComponent;
export const path = {
  task: (id) => "/api/tasks/" + part(id),
  graph: (id) => "/api/tasks/" + part(id) + "/graph",
  process: (id, process) => "/api/tasks/" + part(id) + "/processes/" + part(process),
  why: (id, process, at) => {
    const query = [];
    if (process !== undefined) query.push("process=" + part(process));
    if (at) query.push("at=" + at.toFixed(6));
    return "/api/tasks/" + part(id) + "/why" + (query.length ? "?" + query.join("&") : "");
  },
  log: (id, process, run, stream) =>
    "/api/tasks/" + part(id) + "/processes/" + part(process) + "/runs/" + run + "/" + stream,
  resources: (id, process, run) => "/api/tasks/" + part(id) + "/processes/" + part(process) + "/runs/" + run + "/resources",
  files: (id, hrefs) => "/api/tasks/" + part(id) + "/files/" + hrefs.join("/"),
};

// JSON from there. Fails with Refused, whose message is the program's.
export async function get(url) {
  if (kept) {
    if (url in kept.answers) return kept.answers[url];
    throw new Refused(404, "this is not in the saved page");
  }
  const answer = await fetch(url);
  if (answer.ok) return answer.json();
  let words = answer.statusText;
  try {
    words = (await answer.json()).error || words;
  } catch {
    // a line of text, or nothing
  }
  throw new Refused(answer.status, words);
}

// Whether an event, whose position is `id`, may be missing in an answer of that position.
export function isBehind(id, position) {
  const number = (one) => Number(String(one).split("-").pop());
  return number(id) > number(position);
}

// A part of a log: {text, begin, end}, in bytes. `from` < 0: so many of its last bytes.
export async function readLog(url, from, most) {
  if (kept) {
    const log = kept.logs[url];
    if (!log) throw new Refused(404, "this output is not in the saved page");
    return { text: log.text, begin: log.size - log.bytes, end: log.size };
  }
  if (from < 0) {
    const head = await fetch(url, { method: "HEAD" });
    const size = Number(head.headers.get("Content-Length"));
    // Of an empty file no range can be had.
    if (head.ok && size === 0) return { text: "", begin: 0, end: 0 };
    from = Math.max(0, size - most);
  }
  const answer = await fetch(url, { headers: { Range: "bytes=" + from + "-" + (from + most - 1) } });
  if (!answer.ok) throw new Refused(answer.status, answer.status === 404 ? "there is no such output" : answer.statusText);
  const text = await answer.text();
  // Not its size: that may have grown since, by what is not in this part.
  const part = /bytes (\d+)-(\d+)\//.exec(answer.headers.get("Content-Range") || "");
  return part ? { text, begin: Number(part[1]), end: Number(part[2]) + 1 } : { text, begin: 0, end: new Blob([text]).size };
}

// Calls `take` with what is appended to a log behind the byte `from`, until `signal` is aborted or the run has ended.
export async function followLog(url, from, signal, take) {
  const answer = await fetch(url + "?follow&from=" + from, { signal });
  if (!answer.ok) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    take(value);
  }
}

// One stream of events for the whole page. `on` has hello, task, removed, reset and state (a word for people).
export function listen(on) {
  if (kept) {
    on.state("saved");
    return;
  }
  whileSeen((signal) => {
    const events = new EventSource("/events");
    signal.addEventListener("abort", () => {
      events.close();
      on.state("paused");
    });
    events.onopen = () => on.state("live");
    events.onerror = () => on.state(events.readyState === EventSource.CLOSED ? "ended" : "connecting");
    for (const name of ["hello", "task", "removed", "reset"]) {
      events.addEventListener(name, (event) => on[name](JSON.parse(event.data), event.lastEventId));
    }
  });
}

// Calls `open` whenever the page comes to be seen, and aborts its signal when it is hidden, or when `end` is aborted. A
// browser opens six connections to a program, for all tabs together: those that wait in the background would use them up.
export function whileSeen(open, end) {
  let stop = null;
  const look = () => {
    const seen = !document.hidden && !(end && end.aborted);
    if (seen && !stop) {
      stop = new AbortController();
      open(stop.signal);
    } else if (!seen && stop) {
      stop.abort();
      stop = null;
    }
  };
  document.addEventListener("visibilitychange", look, { signal: end });
  if (end) end.addEventListener("abort", look);
  look();
}
