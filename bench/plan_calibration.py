#!/usr/bin/env python3
"""How far `thermos plan` is from what a run takes.

    bench/plan_calibration.py THERMOS WORKFLOWS.json[.gz] [--graphs N] [--longest S] [--runs N]

WORKFLOWS is a list of {"name", "tasks": [[runtime in seconds, [indices of parents]], ...]}. Each graph
runs as `sleep`, scaled so that its longest chain takes --longest seconds; first --runs times for a history,
then once more, which the plan has to foretell. Prints for each graph the processes, the plan's p50 and p90,
what the run took, and its ratio to p50; at the end the median and the quartiles of that.
"""

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def longest_chain(tasks):
    ends = [0.0] * len(tasks)
    order = topological(tasks)
    for index in order:
        runtime, parents = tasks[index]
        ends[index] = runtime + max((ends[parent] for parent in parents), default=0.0)
    return max(ends)


def topological(tasks):
    waits = [len(set(parents)) for _, parents in tasks]
    children = [[] for _ in tasks]
    for index, (_, parents) in enumerate(tasks):
        for parent in set(parents):
            children[parent].append(index)
    ready = [index for index, count in enumerate(waits) if count == 0]
    for index in ready:
        for child in children[index]:
            waits[child] -= 1
            if waits[child] == 0:
                ready.append(child)
    return ready


def configuration(name, tasks, scale, jobs):
    processes = [
        {
            "name": f"p{index}",
            "cmdline": f"exec sleep {runtime * scale:.6f}",
            "min_duration": 0,
            "needs": [f"p{parent}" for parent in sorted(set(parents))],
        }
        for index, (runtime, parents) in enumerate(tasks)
    ]
    return {"name": name, "processes": processes, "max_concurrency": jobs, "max_failures": 0}


def seconds_of(thermos, environment, config):
    began = time.monotonic()
    subprocess.run([thermos, "run", "--quiet", config], env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def measure(thermos, graph, arguments):
    scratch = tempfile.mkdtemp(prefix="plan-")
    try:
        environment = dict(os.environ, THERMOS_ROOT=os.path.join(scratch, "root"))
        tasks = graph["tasks"]
        chain = longest_chain(tasks)
        scale = arguments.longest / chain if chain > 0 else 0
        config = os.path.join(scratch, "task.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(configuration("graph", tasks, scale, arguments.jobs), file)
        os.chdir(scratch)
        for _ in range(arguments.runs):
            seconds_of(thermos, environment, config)
        made = json.loads(subprocess.run([thermos, "plan", "--json", config], env=environment,
                                         check=True, capture_output=True, text=True).stdout)
        took = seconds_of(thermos, environment, config)
        return made["makespan"]["p50"], made["makespan"]["p90"], took
    finally:
        os.chdir("/")
        shutil.rmtree(scratch)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("thermos")
    parser.add_argument("workflows")
    parser.add_argument("--graphs", type=int, default=0, help="only every so many-th; 0: all")
    parser.add_argument("--longest", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=16)
    parser.add_argument("--most", type=int, default=1_000_000, help="leave out larger graphs")
    arguments = parser.parse_args()
    thermos = os.path.abspath(arguments.thermos)
    opener = gzip.open if arguments.workflows.endswith(".gz") else open
    with opener(arguments.workflows, "rt", encoding="utf-8") as file:
        graphs = [graph for graph in json.load(file) if len(graph["tasks"]) <= arguments.most]
    if arguments.graphs > 0:
        graphs = graphs[:: max(1, len(graphs) // arguments.graphs)]
    ratios = []
    within = 0
    print("processes      p50      p90     took  took/p50  graph")
    for graph in graphs:
        p50, p90, took = measure(thermos, graph, arguments)
        ratios.append(took / p50)
        within += took <= p90
        print(f"{len(graph['tasks']):9} {p50:8.3f} {p90:8.3f} {took:8.3f} {took / p50:9.3f}  "
              f"{graph['name']}", flush=True)
    if len(ratios) > 1:
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(f"{len(ratios)} graphs: took/p50 {middle:.3f} in the median, quartiles {low:.3f} and {high:.3f}, "
              f"from {min(ratios):.3f} to {max(ratios):.3f}; {within} within p90")


if __name__ == "__main__":
    sys.exit(main())
