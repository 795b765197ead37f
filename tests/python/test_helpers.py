"""Tasks put together from tasks. What is expected here, compose_test.cc expects of C++."""

import unittest

from thermos_config.helpers import (
    Processes, SequentialTask, SimpleTask, Tasks, Units, combine_tasks, concat_tasks, java_options,
    order, python_options,
)
from thermos_config.problems import ConfigurationError
from thermos_config.schema import GB, KB, MB, TB, Constraint, Process, Resources, Task


def process(name):
    return Process(name=name, cmdline="echo " + name)


def orders(task):
    return [tuple(name.get() for name in one.order()) for one in task.constraints()]


def names(task):
    return [one.name().get() for one in task.processes()]


ONE = Task(
    name="one", processes=[process("a"), process("b")], constraints=order("a", "b"),
    resources=Resources(cpu=1, ram=100, disk=7), max_failures=3,
)
TWO = Task(name="two", processes=[process("b"), process("c")], resources=Resources(cpu=0.5, ram=200))


class Composition(unittest.TestCase):
    def test_order(self):
        self.assertEqual(order("a", process("b")), [Constraint(order=["a", "b"])])
        self.assertEqual(Processes.order(process("a")), order("a"))
        for bad in (5, None, Process(cmdline="x")):
            with self.assertRaises(ConfigurationError, msg=bad):
                order(bad)

    def test_combine(self):
        task = combine_tasks(ONE, TWO)
        self.assertEqual(names(task), ["a", "b", "c"])
        self.assertEqual(orders(task), [("a", "b")])
        self.assertEqual(task.resources().get(), {"cpu": 1.5, "ram": 300, "disk": 7})
        self.assertEqual(task.name().get(), "two")
        self.assertEqual(task.max_failures().get(), 1)
        self.assertEqual(combine_tasks(ONE, TWO, name="both").name().get(), "both")
        self.assertEqual(len(combine_tasks(ONE, ONE).constraints()), 1)

    def test_concat(self):
        task = concat_tasks(ONE, TWO)
        self.assertEqual(names(task), ["a", "b", "c"])
        self.assertEqual(orders(task), [("a", "b"), ("a", "b"), ("a", "c"), ("b", "c")])
        self.assertEqual(task.resources().get(), {"cpu": 1.0, "ram": 200, "disk": 7})
        self.assertEqual(Tasks.concat(ONE, name="x").name().get(), "x")

    def test_nothing_to_put_together(self):
        for put in (combine_tasks, concat_tasks):
            self.assertFalse(put().has_processes())

    def test_same_name_other_command_stays_apart(self):
        other = Task(processes=[Process(name="a", cmdline="other")])
        self.assertEqual(names(combine_tasks(ONE, other)), ["a", "b", "a"])

    def test_resources_that_are_not_bound_yet(self):
        with self.assertRaisesRegex(ConfigurationError, "not bound yet"):
            combine_tasks(ONE, TWO(resources=Resources(cpu="{{x}}")))

    def test_simple(self):
        task = SimpleTask(name="hello", command="echo hello")
        self.assertEqual(names(task), ["hello"])
        self.assertEqual(task.resources().get(), {"cpu": 1.0, "ram": GB, "disk": GB})

    def test_sequential(self):
        task = SequentialTask(processes=[process("a"), process("b"), process("c")])
        self.assertEqual(orders(task), [("a", "b", "c")])
        self.assertEqual(orders(SequentialTask(ONE(constraints=[]))), [("a", "b")])
        self.assertEqual(orders(SequentialTask(processes=[])), [])
        with self.assertRaisesRegex(ConfigurationError, "no constraints of its own"):
            SequentialTask(ONE)

    def test_how_long_an_end_may_take(self):
        long = Task(ONE, finalization_wait=40)
        usual = Task(name="usual", processes=[process("other")])
        self.assertEqual(combine_tasks(long, usual).finalization_wait(), 40)
        self.assertEqual(concat_tasks(long, usual).finalization_wait(), 70)
        self.assertEqual(combine_tasks(long, usual, finalization_wait=1).finalization_wait(), 1)
        with self.assertRaisesRegex(ConfigurationError, "not bound yet"):
            combine_tasks(usual, Task(long, finalization_wait="{{wait}}"))

    def test_wrong_orders_are_value_errors(self):
        with self.assertRaises(ValueError):
            order([process("a")])
        with self.assertRaises(ValueError):
            SequentialTask(processes=[process("a"), process("b")], constraints=order("b", "a"))
        self.assertEqual(list(Task().constraints()), [])

    def test_units(self):
        self.assertEqual((KB, MB, GB, TB), (2**10, 2**20, 2**30, 2**40))
        self.assertEqual(Units.resources_max([]).get(), {"cpu": 0.0, "ram": 0, "disk": 0})

    def test_options(self):
        self.assertEqual(java_options("a", "boo"), "-a -boo")
        self.assertEqual(python_options("a", "boo"), "-a --boo")
        self.assertEqual(java_options({"a": 23, "b": "foo"}), "-a 23 -b foo")
        self.assertEqual(python_options(a=23, boo="foo"), "-a 23 --boo foo")
        self.assertEqual(java_options(a=0, b=""), "-a -b")
        with self.assertRaises(ConfigurationError):
            java_options(5)


if __name__ == "__main__":
    unittest.main()
