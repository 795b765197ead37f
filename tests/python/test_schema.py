"""The structs that are made of the JSON Schema of a task."""

import unittest

from thermos_config import vocabulary
from thermos_config.objects import Empty
from thermos_config.problems import CoercionError, UnknownAttribute
from thermos_config.scalars import Float, Integer, Seconds
from thermos_config.schema import TYPES, Process, Task, Types

TEXT_WITH_REFERENCES = {"type": "string", "pattern": "\\{\\{"}


def number(kind, **more):
    return {"anyOf": [{"type": kind, "minimum": 0, **more}, TEXT_WITH_REFERENCES]}


SCHEMA = {
    "$defs": {
        "step": {
            "description": "One of them.",
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "env": {"type": "object", "additionalProperties": {"type": "string"}},
                "argv": {"type": "array", "items": {"type": "string"}},
                "needs": {"anyOf": [
                    {"type": "object", "additionalProperties": {
                        "anyOf": [{"enum": ["success", "start"]}, TEXT_WITH_REFERENCES]}},
                    {"type": "array", "items": {"type": "string"}},
                ]},
                "ready": {"anyOf": [{"$ref": "#/$defs/probe"}, {"type": "string"}]},
                "timeout": number("number", maximum=1000000000),
                "probes": {"type": "array", "items": {
                    "anyOf": [{"$ref": "#/$defs/probe"}, {"type": "string"}]}},
            },
            "required": ["name"],
        },
        "probe": {
            "description": "A question.",
            "properties": {
                "cmd": {"type": "string"},
                "factor": {**number("number", maximum=10), "default": 2},
                "tries": {**number("integer", maximum=9), "default": 3},
                "stop_signal": {"anyOf": [{"enum": ["TERM", "INT"]}, TEXT_WITH_REFERENCES],
                                "default": "TERM"},
            },
        },
    }
}


class Schema(unittest.TestCase):
    def setUp(self):
        self.types = Types(SCHEMA)
        self.step = self.types.struct("step")
        self.probe = self.types.struct("probe")

    def test_attributes_are_those_of_the_schema(self):
        self.assertEqual(list(self.step.ATTRIBUTES), list(SCHEMA["$defs"]["step"]["properties"]))
        self.assertEqual(self.step.__name__, "Step")
        self.assertTrue(self.step.ATTRIBUTES["name"].required)
        self.assertFalse(self.step.ATTRIBUTES["env"].required)
        self.assertIs(self.step(name="a").timeout(), Empty)
        self.assertIs(self.step.ATTRIBUTES["timeout"].kind, Seconds)
        self.assertIs(self.probe.ATTRIBUTES["factor"].kind, Float)
        self.assertIs(self.probe.ATTRIBUTES["tries"].kind, Integer)
        self.assertEqual(
            self.probe().get(), {"factor": 2.0, "tries": 3, "stop_signal": "TERM"})
        self.assertEqual(list(self.types.by_name()), ["Probe", "Step", "StepNeeds", "ProbeStopSignal"])

    def test_maps_and_lists(self):
        step = self.step(name="a", env={"PATH": "/{{name}}"}, argv=["x", "{{name}}"], needs={"b": "start"})
        self.assertEqual(step.env().get(), {"PATH": "/a"})
        self.assertEqual(step.argv().get(), ("x", "a"))
        self.assertEqual(step.needs().get(), {"b": "start"})
        with self.assertRaisesRegex(CoercionError, "success, start"):
            self.step(needs={"b": "soon"})

    def test_short_forms(self):
        step = self.step(name="a", needs=["b", "c"], ready="ask {{name}}", probes=["one", {"tries": 1}])
        self.assertEqual(step.needs().get(), {"b": "success", "c": "success"})
        self.assertEqual(step.ready().cmd().get(), "ask a")
        self.assertEqual(step.ready().tries().get(), 3)
        self.assertEqual([probe.tries().get() for probe in step.probes()], [3, 1])
        self.assertIsInstance(step.ready(), self.probe)
        whole = self.probe(cmd="x", tries=2)
        self.assertEqual(self.step(ready=whole).ready().tries().get(), 2)

    def test_processes_by_their_names(self):
        task = Task(processes={"a": Process(cmdline="x"), "b": {"cmdline": "{{name}}"}})
        self.assertEqual([process.name().get() for process in task.processes()], ["a", "b"])
        self.assertEqual(task.processes()[1].cmdline().get(), "b")
        self.assertEqual(task.name().get(), "a")
        self.assertEqual(len(Task(processes={"a": Process(name="a", cmdline="x")}).processes()), 1)
        with self.assertRaisesRegex(CoercionError, "behind the name 'a' stands one named 'b'"):
            Task(processes={"a": Process(name="b", cmdline="x")})
        with self.assertRaisesRegex(CoercionError, "behind the name 'a' a struct is wanted, not a text"):
            Task(processes={"a": "x"})

    def test_files_secrets_and_a_matrix(self):
        process = Process(env_file="x", secret={"A": "/a", "B": {"cmd": "b"}}, matrix={"k": ["v", 1]},
                          exclude=[{"k": "v"}])
        self.assertEqual(process.env_file().get(), ("x",))
        self.assertEqual(Process(env_file=["x", "y"]).env_file().get(), ("x", "y"))
        self.assertEqual(process.secret().get()["A"]["file"], "/a")
        self.assertEqual(process.secret().get()["B"]["cmd"], "b")
        self.assertEqual(process.matrix().get(), {"k": ("v", "1")})
        self.assertEqual(process.exclude().get(), ({"k": "v"},))

    def test_attributes_of_other_programs_are_named_as_ours(self):
        for key, ours in (("command", "cmdline"), ("depends_on", "needs"), ("ExecStart", "cmdline"),
                          ("restart", "max_failures"), ("image", "argv")):
            with self.assertRaisesRegex(UnknownAttribute, "'%s': here it is '%s'" % (key, ours)):
                Process(**{key: "x"})
        with self.assertRaisesRegex(UnknownAttribute, "'services': here it is 'processes'"):
            Task(services=[])
        with self.assertRaisesRegex(UnknownAttribute, "did you mean 'cmdline'"):
            Process(cmdlin="x")

    def test_files_have_all_structs_and_enumerations(self):
        names = vocabulary.names()
        for name, kind in TYPES.by_name().items():
            self.assertIs(names[name], kind)
        self.assertIs(names["Process"], Process)
        self.assertIn("LoggerMode", names)
