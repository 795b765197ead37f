#!/usr/bin/env python3
"""What it costs to ask 1,000 processes each second whether they are healthy: processor time of the
runner, in percent of one core.

  bench/probes.py [--thermos PATH]... [none|file|unix|tcp|http]...

Several programs are measured alternately, against the same servers. PROCESSES, ROUNDS and SECONDS
in the environment set the sizes.
"""

import json
import os
import pathlib
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

PROCESSES = int(os.environ.get('PROCESSES', '1000'))
ROUNDS = int(os.environ.get('ROUNDS', '3'))
SECONDS = int(os.environ.get('SECONDS', '15'))
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'


def serve(listeners):
    """Answers what is sent and closes. A Unix socket or a bare connection only closes."""
    events = selectors.DefaultSelector()
    for listener in listeners:
        listener.setblocking(False)
        events.register(listener, selectors.EVENT_READ, data='listener')
    while True:
        for key, _ in events.select():
            if key.data == 'listener':
                try:
                    client, _ = key.fileobj.accept()
                except BlockingIOError:
                    continue
                client.setblocking(False)
                events.register(client, selectors.EVENT_READ)
                continue
            try:
                if key.fileobj.recv(4096):
                    key.fileobj.send(ANSWER)
            except OSError:
                pass
            events.unregister(key.fileobj)
            key.fileobj.close()


def processor_seconds(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def write_task(directory, kind, question):
    process = {'cmdline': 'exec sleep 100000'}
    if question:
        process['healthy'] = {kind: question, 'interval': 1, 'timeout': 10, 'failures': 30}
    path = directory / f'{kind}.json'
    processes = [dict(process, name=f'p{i}') for i in range(PROCESSES)]
    path.write_text(json.dumps({'name': kind, 'processes': processes}))
    return path


def all_run(thermos, root, task):
    shown = subprocess.run([thermos, 'status', '--json', '--root', root, task],
                           capture_output=True, text=True, check=False)
    if shown.returncode != 0:
        return False
    tasks = json.loads(shown.stdout)['tasks']
    runs = [runs[-1] for runs in tasks[0]['processes'].values()] if tasks else []
    return sum(run['state'] == 'RUNNING' for run in runs) == PROCESSES


def measure(thermos, directory, config):
    """Starts the task, and measures its runner from a few seconds after all its processes run."""
    root = directory / 'root'
    task = f'{config.stem}-{time.monotonic_ns()}'
    runner = subprocess.Popen(
        [thermos, 'run', '--root', root, '--task-id', task, '--sandbox', directory / task, '-q',
         '--sync', 'crash', config], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not all_run(thermos, root, task):
            if time.monotonic() > deadline or runner.poll() is not None:
                sys.exit(f'probes.py: not all of {task} run')
            time.sleep(0.5)
        time.sleep(3)
        used, began = processor_seconds(runner.pid), time.monotonic()
        time.sleep(SECONDS)
        return 100 * (processor_seconds(runner.pid) - used) / (time.monotonic() - began)
    finally:
        subprocess.run([thermos, 'kill', '--root', root, '--wait', '0', task],
                       stdout=subprocess.DEVNULL, check=False)
        runner.wait()


def main():
    arguments = sys.argv[1:]
    programs = []
    while '--thermos' in arguments:
        at = arguments.index('--thermos')
        programs.append(arguments[at + 1])
        del arguments[at:at + 2]
    if not programs:
        programs = [str(pathlib.Path(__file__).parent.parent / 'build/bin/thermos')]
    directory = pathlib.Path(tempfile.mkdtemp(prefix='probes-'))
    inet = socket.create_server(('127.0.0.1', 0), backlog=4096)
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(directory / 'socket'))
    unix.listen(4096)
    server = os.fork()
    if server == 0:
        serve([inet, unix])
    address = f'127.0.0.1:{inet.getsockname()[1]}'
    (directory / 'up').touch()
    questions = {'none': None, 'file': str(directory / 'up'), 'unix': str(directory / 'socket'),
                 'tcp': address, 'http': f'http://{address}/'}
    try:
        for kind in arguments or questions:
            config = write_task(directory, kind, questions[kind])
            costs = {program: [] for program in programs}
            for _ in range(ROUNDS):
                for program in programs:
                    costs[program].append(measure(program, directory, config))
            for program, figures in costs.items():
                print(f'{kind:5} {statistics.median(figures):5.2f} % '
                      f'({min(figures):.2f} to {max(figures):.2f})  {program}', flush=True)
    finally:
        os.kill(server, signal.SIGTERM)
        os.waitpid(server, 0)
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == '__main__':
    main()
