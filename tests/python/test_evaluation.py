"""Whole files: what they export, what they include, and where their errors are."""

import json
import os
import tempfile
import unittest

from thermos_config import vocabulary
from thermos_config.evaluation import Evaluation
from thermos_config.output import Output
from thermos_config.problems import describe


class File(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = scratch.name

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
            file.write(text)

    def evaluate(self, text, environment=(), foreign=()):
        """(tasks, notes)"""
        vocabulary.install_modules()
        evaluation = Evaluation(os.path.join(self.path, "f.thermos"))
        self.evaluation = evaluation
        evaluation.run(text)
        output = Output(evaluation, environment, foreign)
        return json.loads(output.text())["tasks"], output.notes

    def error(self, text):
        try:
            self.evaluate(text)
        except Exception as error:
            return describe(error, self.evaluation.name, self.evaluation.files).replace(self.path + "/", "")
        return self.fail("no error")

    def test_static_ports_of_an_announcer(self):
        (task,), notes = self.evaluate(
            "p = Process(name='p', cmdline='{{thermos.ports[http]}} {{thermos.ports[admin]}} {{thermos.task_id}}')\n"
            "jobs = [Job(name='n', task=Task(processes=[p]),\n"
            "            announce=Announcer(portmap={'http': 80, 'x': 'admin'}))]",
            foreign=("thermos.ports[admin]", "thermos.task_id"),
        )
        self.assertEqual(
            task["processes"][0]["cmdline"], "80 {{thermos.ports[admin]}} {{thermos.task_id}}"
        )
        self.assertEqual(notes(""), [], "it was not ignored")
        _, notes = self.evaluate(
            "jobs = [Job(name='n', task=Task(processes=[Process(name='p', cmdline='true')]),\n"
            "            announce=Announcer(portmap={'x': 'admin'}))]"
        )
        self.assertIn("announce", notes("")[0])

    def test_export(self):
        (one, two), _ = self.evaluate(
            "export(SimpleTask('a', 'true'))\nexport({'name': 'b', 'processes': [{'name': 'c', 'cmdline': 'd'}]})"
        )
        self.assertEqual((one["name"], two["name"]), ("a", "b"))
        self.assertEqual((one[""], two[""]), (1, 2))

    def test_a_matrix_is_bound_by_thermos(self):
        (task,), _ = self.evaluate(
            "t = Process(name='t', cmdline='{{name}} {{matrix.k}} {{x}}', matrix={'k': ['a', 'b']})\n"
            "export(Task(processes={'t': t, 'z': Process(cmdline='z', needs=['t'])}))", [("x", "y")]
        )
        self.assertEqual(task["processes"][0]["cmdline"], "t {{matrix.k}} y")
        self.assertEqual(task["processes"][0]["matrix"], {"k": ["a", "b"]})
        self.assertEqual(task["processes"][1]["name"], "z")

    def test_include(self):
        self.write("base.thermos", "base = Process(max_failures=7)\ninclude('more.thermos')\n")
        self.write("more.thermos", "COMMAND = 'true'\n")
        (task,), _ = self.evaluate(
            "include('base.thermos')\nexport(Task(processes=[base(name='a', cmdline=COMMAND)]))"
        )
        self.assertEqual(task["processes"][0]["max_failures"], 7)

    def test_errors_have_their_own_file_and_line(self):
        self.write("bad.thermos", "x = 1\nProcess(nmae='a')\n")
        self.write("broken.thermos", "x = 1\ndef f(:\n")
        self.write("round.thermos", "include('round.thermos')\n")
        self.assertRegex(self.error("\ninclude('bad.thermos')"), "^bad.thermos:2: Process has no attribute 'nmae'")
        self.assertRegex(self.error("include('broken.thermos')"), "^broken.thermos:2: SyntaxError: ")
        self.assertRegex(self.error("include('round.thermos')"), "^round.thermos:1: .*includes itself")
        self.assertRegex(self.error("\n\ninclude('none.thermos')"), r"^f.thermos:3: include\('none.thermos'\): .*No such file")
        self.assertRegex(self.error("def f():\n  return undefined\nf()\n"), "^f.thermos:2: NameError: ")
        self.assertRegex(self.error("x = 1"), "^f.thermos: holds no task")

    def test_jobs(self):
        tasks, notes = self.evaluate(
            "t = SimpleTask('t', 'echo {{role}} {{environment}} {{mesos.instance}} {{who}}')\n"
            "j = Job(name='j', role='r', cluster='c', task=t, instances=3)\n"
            "jobs = [j.bind(who='x'), Service(task=t, role='s', cluster='c', environment='prod')]"
        )
        self.assertEqual(tasks[0][" names"], ["j", "c/r/devel/j"])
        self.assertEqual(tasks[1][" names"], ["t", "c/s/prod/t"])
        self.assertEqual(tasks[0]["processes"][0]["cmdline"], "echo r devel 0 x")
        self.assertEqual(tasks[1]["processes"][0]["cmdline"], "echo s prod 0 {{who}}")
        self.assertRegex(notes("")[0], "^job c/r/devel/j: ignored.*: instances$")
        self.assertRegex(notes("")[1], ": service$")
        self.assertEqual(notes("c/s/prod/t"), notes("")[1:])

    def test_a_process_reaches_its_job(self):
        (task,), notes = self.evaluate(
            "jobs = [Job(name='j', role='r', cluster='c', update_config=UpdateConfig("
            "update_strategy=VariableBatchUpdateStrategy(batch_sizes=[1, 2])), task=Task(name='t', "
            "processes=[Process(name='p', cmdline='{{super.super.name}}')]))]"
        )
        self.assertEqual(task["processes"][0]["cmdline"], "j")
        self.assertRegex(notes("")[0], "update_config$")

    def test_what_thermos_binds_stays(self):
        (task,), _ = self.evaluate(
            "export(Task(name='n', max_failures='{{limit}}', processes=[Process(name='p', cmdline="
            "'{{thermos.ports[http]}} {{&x}} {{free}} {{thermos.user}}')], user='u')"
            ".bind(thermos={'user': 'not me'}))",
            foreign=["thermos.user"],
        )
        self.assertEqual(task["processes"][0]["cmdline"], "{{thermos.ports[http]}} {{&x}} {{free}} {{thermos.user}}")
        self.assertEqual(task["max_failures"], "{{limit}}")

    def test_the_environment_goes_around_the_task_and_before_what_is_bound_to_it(self):
        process = "Process(name='p', cmdline='{{name}} {{near}} {{far}} {{a.b}}').bind(near='process')"
        task = "Task(name='t', processes=[%s]).bind(near='task', far='task', a={'b': 'task'})" % process
        values = [("name", "E"), ("near", "E"), ("far", "E of {{name}}"), ("a.b", "E")]
        (written,), _ = self.evaluate("export(%s)" % task, values)
        self.assertEqual(written["name"], "t")
        self.assertEqual(written["processes"][0]["cmdline"], "p process E of p E")
        job = "jobs = [Job(cluster='c', role='r', contact='{{far}}', task=%s)]" % task
        (written,), _ = self.evaluate(job, values + [("role", "E")])
        self.assertEqual(written["processes"][0]["cmdline"], "p process task task")
        self.assertEqual(written[" names"][1], "c/r/devel/t")

    def test_numbers_become_numbers(self):
        (task,), _ = self.evaluate(
            "export(Task(processes=[Process(name='p', cmdline='c', max_failures='{{n}}', final='{{f}}')"
            ".bind(n=3, f=True)]))"
        )
        self.assertEqual(task["processes"][0]["max_failures"], 3)
        self.assertIs(task["processes"][0]["final"], True)

    def test_what_the_schema_has_shorter_ways_for(self):
        (task,), _ = self.evaluate(
            "export(Task(finalization_wait='1m', processes=[Process(name='p-{{k}}', cmdline='{{timeout}}',"
            "min_duration='20m', timeout='1h30m', stop_wait='{{wait}}', backoff=Backoff(first='500ms'),"
            "matrix={'k': 'v', 'n': 3, 'l': ['a', 1]}, exclude=[{'l': 1}])]))", [("wait", "1.5s")]
        )
        process = task["processes"][0]
        times = [process[key] for key in ("min_duration", "timeout", "stop_wait")]
        self.assertEqual(times, [1200, 5400, 1.5])
        self.assertEqual(process["backoff"]["first"], 0.5)
        self.assertEqual(task["finalization_wait"], 60)
        self.assertEqual(process["cmdline"], "5400")
        self.assertEqual(process["matrix"], {"k": "v", "n": "3", "l": ["a", "1"]})
        for bad in ("'20x'", "'m'", "'1h 30m'", "'1.2.3s'", "'-1s'"):
            self.assertIn("%s is no Seconds" % bad, self.error("Process(min_duration=%s)" % bad))

    def test_a_logger_is_there_when_someone_said_it(self):
        (task,), _ = self.evaluate(
            "export(Task(processes=[Process(name='a', cmdline='c'), Process(name='b', cmdline='c',"
            "logger=Logger(mode='rotate', rotate=RotatePolicy(log_size=5*MB)))]))"
        )
        self.assertNotIn("logger", task["processes"][0])
        self.assertEqual(task["processes"][1]["logger"]["rotate"]["log_size"], 5 << 20)

    def test_a_logger_that_someone_said_may_be_the_usual_one(self):
        (task,), _ = self.evaluate(
            "said = Process(name='a', cmdline='c', logger=Logger(destination='file'))\n"
            "none = Process(name='f', cmdline='c')\n"
            "export(Task(processes=[said, said(name='b'), Process(said, name='c'),"
            "{'name': 'd', 'cmdline': 'c', 'logger': {}}, none, Process(none, name='g'), none(name='h')]))"
        )
        said = [process["name"] for process in task["processes"] if "logger" in process]
        self.assertEqual(said, ["a", "b", "c", "d"])
        self.assertEqual(task["processes"][0]["logger"]["destination"], "file")

    def test_limits_and_waits(self):
        (task,), _ = self.evaluate(
            "export(Task(backoff=Backoff(), processes=[Process(name='a', cmdline='{{timeout}}',"
            "timeout=30, backoff=Backoff(first=0.5, reset=60)), Process(name='b', cmdline='c')]))"
        )
        self.assertEqual(task["processes"][0]["timeout"], 30)
        self.assertEqual(task["processes"][0]["cmdline"], "30")
        backoff = task["processes"][0]["backoff"]
        self.assertEqual([backoff[key] for key in ("first", "factor", "most", "reset")],
                         [0.5, 2, 300, 60])
        self.assertEqual(task["backoff"]["first"], 1)
        self.assertNotIn("timeout", task["processes"][1])

    def test_the_ancestors_imports_and_old_builtins(self):
        (task,), _ = self.evaluate(
            "from pystachio import *\nfrom apache.thermos.config.schema import Process, Task\n"
            "import pystachio.basic\n"
            "ps = map(lambda n: Process(name='m%d' % n, cmdline=unicode('true')), xrange(3))\n"
            "export(Task(processes=ps + [Process(name='r', cmdline='true')], constraints="
            "[Constraint(order=[p.name(), 'r']) for p in ps]))"
        )
        self.assertEqual(len(task["processes"]), 4)
        self.assertEqual(task["constraints"][2]["order"], ["m2", "r"])


if __name__ == "__main__":
    unittest.main()
