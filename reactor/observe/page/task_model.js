// One task as it is on record: what `status --json` says, kept up to date by records, and as it was at any moment.
import { kOver, kOrder } from "./words.js";

export class TaskModel {
  // `detail` and `graph` are the program's answers.
  constructor(detail, graph) {
    this.detail = detail;
    this.graph = graph;
    this.id = detail.task_id;
    this.position = detail.position;
    this.names = [];
    this.nodeOf = new Map(); // name -> index of its node
    graph.nodes.forEach((node, index) => {
      for (const name of node.processes) {
        this.nodeOf.set(name, index);
        this.names.push(name);
      }
    });
    this.needs = graph.nodes.map(() => []); // of each node, the nodes that it waits for
    for (const edge of graph.edges) this.needs[edge.to].push(edge.from);
    // What ran and is not in the configuration any more.
    for (const name of Object.keys(detail.processes || {})) {
      if (!this.nodeOf.has(name)) this.names.push(name);
    }
    this.statuses = detail.statuses || [];
    this.runs = new Map(Object.entries(detail.processes || {}));
  }

  node(name) {
    return this.graph.nodes[this.nodeOf.get(name)] || {};
  }

  // Takes a record of an event. False if only a new answer of the program can tell what follows from it.
  take(record) {
    if (record.kind === "process") return this.takeRun(record);
    if (record.kind === "task") {
      const last = this.statuses[this.statuses.length - 1];
      if (last && (last.timestamp_ms > record.timestamp_ms || (last.timestamp_ms === record.timestamp_ms && last.state === record.state))) return true;
      this.statuses.push(record);
      this.detail.state = record.state;
      return true;
    }
    if (record.kind === "report") {
      const run = this.run(record.process, record.run);
      if (run && record.report === "ready") run.ready_time = record.time;
      if (run && record.report === "status") run.status = record.text;
      if (run && record.report === "placed") run.node = record.text;
      return true;
    }
    return record.kind === "order" || record.kind === "leadership" || record.kind === "shortage" || record.kind === "node";
  }

  run(name, number) {
    return (this.runs.get(name) || []).find((run) => run.run === number);
  }

  takeRun(record) {
    let run = this.run(record.process, record.run);
    if (!run) {
      run = { run: record.run };
      if (!this.runs.has(record.process)) this.runs.set(record.process, []);
      this.runs.get(record.process).push(run);
    }
    if (run.seq !== undefined && record.seq <= run.seq) return true; // known
    if (record.time !== undefined && run.waiting_time === undefined) run.waiting_time = record.time;
    for (const key of ["seq", "state", "fork_time", "start_time", "stop_time", "coordinator_pid", "pid", "return_code", "cpu_user", "cpu_system", "peak_memory", "origin", "reason"]) {
      if (record[key] !== undefined) run[key] = record[key];
    }
    return true;
  }

  begin() {
    const head = this.detail.header;
    return head ? head.launch_time_ms / 1000 : 0;
  }
  end() {
    const last = this.statuses[this.statuses.length - 1];
    return last && kOver.has(last.state) ? last.timestamp_ms / 1000 : null;
  }

  // The task's state at that moment (null: now).
  stateAt(at) {
    if (at === null) return this.detail.state;
    let state = "";
    for (const status of this.statuses) {
      // The part of a millisecond is not in it: it was after the moment of the same number.
      if (status.timestamp_ms < Math.round(at * 1000)) state = status.state;
    }
    return state;
  }

  // Those of its runs that had begun by then, the last as it was.
  runsAt(name, at) {
    const runs = this.runs.get(name) || [];
    return at === null ? runs : runs.filter((run) => begin(run) <= at).map((run) => runAt(run, at));
  }

  // One row for each process: {name, state, runs, run, since, took}.
  rowsAt(at, now) {
    return this.names.map((name) => {
      const runs = this.runs.get(name) || [];
      let last = runs.length - 1;
      if (at !== null) while (last >= 0 && begin(runs[last]) > at) --last;
      if (last < 0) return { name, state: "", runs: 0 };
      const run = at === null ? runs[last] : runAt(runs[last], at);
      const from = run.start_time ?? run.fork_time ?? run.waiting_time;
      return {
        name, state: run.state, runs: run.run + 1, run, since: from,
        took: run.start_time === undefined ? undefined : (run.stop_time ?? at ?? now) - run.start_time,
      };
    });
  }

  // The processes of the critical path: each is what the next one waited for last. The last one first.
  criticalPath(at) {
    let name = null;
    let latest = -Infinity;
    for (const one of this.names) {
      if (this.node(one).final) continue; // they run when all is over
      const run = lastOf(this.runsAt(one, at));
      const end = run && (run.stop_time ?? (run.start_time !== undefined ? Infinity : -Infinity));
      if (run && end > latest) {
        latest = end;
        name = one;
      }
    }
    const path = [];
    const seen = new Set();
    while (name !== null && !seen.has(name)) {
      seen.add(name);
      path.push(name);
      let before = null;
      let ended = -Infinity;
      for (const need of this.needs[this.nodeOf.get(name)] || []) {
        for (const one of this.graph.nodes[need].processes) {
          const run = lastOf(this.runsAt(one, at));
          if (run && run.stop_time !== undefined && run.stop_time > ended) {
            ended = run.stop_time;
            before = one;
          }
        }
      }
      name = before;
    }
    return path;
  }
}

const lastOf = (list) => list[list.length - 1];
const begin = (run) => run.waiting_time ?? run.fork_time ?? run.start_time ?? 0;

// A run as it was at that moment.
function runAt(run, at) {
  if (run.stop_time !== undefined && run.stop_time <= at) return run;
  const then = { run: run.run, waiting_time: run.waiting_time, state: "WAITING", node: run.node };
  if (run.fork_time !== undefined && run.fork_time <= at) {
    then.state = "FORKED";
    then.fork_time = run.fork_time;
    then.coordinator_pid = run.coordinator_pid;
  }
  if (run.start_time !== undefined && run.start_time <= at) {
    then.state = "RUNNING";
    then.start_time = run.start_time;
    then.pid = run.pid;
  }
  return then;
}

// How many rows are in each state, in the order of kOrder.
export function countStates(rows) {
  const counts = new Map(kOrder.map((state) => [state, 0]));
  for (const row of rows) counts.set(row.state, (counts.get(row.state) || 0) + 1);
  return counts;
}
