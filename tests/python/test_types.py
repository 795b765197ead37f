"""The types of values, and structs."""

import unittest

from thermos_config.containers import Choice, List, Map
from thermos_config.objects import Empty
from thermos_config.problems import CoercionError, UnknownAttribute
from thermos_config.references import Ref
from thermos_config.scalars import Boolean, Enum, Float, Integer, Seconds, String
from thermos_config.schema import (Constraint, Healthy, Logger, Process, Ready, Resources, RotatePolicy,
                                   Task)
from thermos_config.structs import Default, Required, Struct


class Scalars(unittest.TestCase):
    def test_what_they_take(self):
        self.assertEqual(Float("1.0").get(), 1.0)
        self.assertEqual(String(1.0).get(), "1.0")
        self.assertEqual(Integer("1").get(), 1)
        self.assertEqual(Integer(" 2").get(), 2)
        self.assertEqual(Integer(4.0).get(), 4)
        self.assertEqual(Integer(7 / 2).get(), 3, "the whole part")
        self.assertIs(Boolean("true").get(), True)
        self.assertIs(Boolean("False").get(), False)
        self.assertIs(Boolean(0).get(), False)
        self.assertEqual(str(Seconds(5)), "5")
        self.assertEqual(str(Seconds("0.25")), "0.25")
        self.assertEqual(Integer(String("{{x}}").bind(x=3)).get(), 3)

    def test_what_they_refuse(self):
        for kind, value in (
            (Integer, "1.0"), (Integer, float("nan")), (Integer, "x"), (Integer, None), (Integer, float("inf")),
            (Float, "not.floaty"), (Float, []), (Float, "nan"), (Boolean, "yes"), (Boolean, 2),
            (String, None), (String, ["a"]), (String, Process()),
        ):
            with self.assertRaises(CoercionError, msg=(kind, value)):
                kind(value)

    def test_choices(self):
        number_or_text = Choice([Integer, String])
        self.assertIsInstance(number_or_text(3), Integer)
        self.assertIsInstance(number_or_text("x"), String)
        named = Choice("Lines", (Integer, List(String)))

        class Holder(Struct):
            value = named

        self.assertEqual(Holder(value=["a"]).get(), {"value": ("a",)})
        with self.assertRaisesRegex(CoercionError, "Holder.value: a text is none of Integer, StringList"):
            Holder(value="x")
        with self.assertRaises(CoercionError):
            Choice()

    def test_references_by_address(self):
        name = Ref.from_address("a.b[c]")
        self.assertEqual(name.address(), "a.b[c]")
        self.assertEqual(str(String("{{a.b[c]}}").bind({name: "z"})), "z")
        with self.assertRaises(CoercionError):
            Ref.from_address("a..b")

    def test_enums(self):
        colour = Enum("Colour", ("red", "green"))
        self.assertEqual(colour.__name__, "Colour")
        self.assertEqual(colour("red").get(), "red")
        self.assertEqual(colour.green, "green")
        self.assertEqual(Enum("a", "b")("b").get(), "b")
        self.assertEqual(colour("{{c}}").bind(c="green").get(), "green")
        with self.assertRaisesRegex(CoercionError, "red, green"):
            colour("blue")

    def test_equality_is_of_values(self):
        self.assertEqual(String("hello").bind(foo="bar"), String("hello"))
        self.assertEqual(Float("{{x}}.5").bind(x=1), Float(1.5))
        self.assertNotEqual(String("a"), String("b"))
        self.assertEqual(String("a"), "a")
        self.assertEqual(len({String("a"), String("a")}), 1)


class Containers(unittest.TestCase):
    def test_lists(self):
        numbers = List(Integer)([1, "2", 3])
        self.assertEqual(numbers.get(), (1, 2, 3))
        self.assertEqual(numbers[1].get(), 2)
        self.assertEqual(len(numbers), 3)
        self.assertIn(3, numbers)
        self.assertEqual(List(List(Integer))([numbers]).get(), ((1, 2, 3),))
        self.assertEqual(repr(numbers), "IntegerList(1, 2, 3)")
        self.assertIs(List(Integer), List(Integer))
        for bad in ("abc", 5, {"a": 1}, None):
            with self.assertRaises(CoercionError, msg=bad):
                List(String)(bad)

    def test_maps(self):
        ages = Map(String, Integer)({"brian": 30}, ian="15")
        self.assertEqual(ages.get(), {"brian": 30, "ian": 15})
        self.assertEqual(ages["ian"].get(), 15)
        self.assertIn("brian", ages)
        self.assertEqual(sorted(str(key) for key in ages), ["brian", "ian"])
        with self.assertRaises(KeyError):
            ages["nobody"]

    def test_types_are_wanted(self):
        for make in (lambda: List("String"), lambda: Map(String, 5), lambda: Required(5)):
            with self.assertRaises(CoercionError):
                make()


class Structs(unittest.TestCase):
    class Employee(Struct):
        first = Required(String)
        last = Required(String)
        age = Integer
        location = Default(String, "San Francisco")

    def test_attributes(self):
        brian = self.Employee(first="brian")
        self.assertEqual(brian.first().get(), "brian")
        self.assertIs(brian.age(), Empty)
        self.assertTrue(brian.has_first())
        self.assertFalse(brian.has_age())
        self.assertEqual(brian.location().get(), "San Francisco")

    def test_required(self):
        brian = self.Employee(first="brian")
        self.assertEqual(brian.check().message(), "Employee[last] is required.")
        self.assertTrue(brian(last="wickman").check().ok())

    def test_deriving_changes_nothing(self):
        brian = self.Employee(first="brian")
        ian = brian(first="ian", age=Empty)
        self.assertEqual((brian.first().get(), ian.first().get()), ("brian", "ian"))

    def test_ready_is_nothing_by_itself(self):
        self.assertIs(Process(name="a", cmdline="b").ready(), Empty)
        asked = Process(name="a", cmdline="b", ready=Ready(tcp="127.0.0.1:{{port}}")).bind(port=80)
        self.assertEqual(asked.ready().tcp().get(), "127.0.0.1:80")
        self.assertEqual(asked.ready().within().get(), 60)

    def test_healthy_has_no_default_question(self):
        self.assertIs(Process(name="a", cmdline="b").healthy(), Empty)
        asked = Process(name="a", cmdline="b", healthy=Healthy(cmd="true"))
        self.assertEqual(asked.healthy().failures().get(), 3)

    def test_from_dictionaries(self):
        task = Task({"name": "basic", "processes": [{"cmdline": "true", "resources": {"cpu": 1}}]})
        self.assertEqual(task.processes()[0].resources().cpu().get(), 1.0)
        self.assertIn("Process[name] is required", task.check().message())
        self.assertEqual(Task(task, name="other").name().get(), "other")

    def test_unknown_attributes_name_the_nearest(self):
        with self.assertRaisesRegex(UnknownAttribute, "did you mean 'cmdline'"):
            Process(cmdlin="true")
        with self.assertRaisesRegex(UnknownAttribute, "it has cpu, disk, gpu, ram"):
            Resources(memory=1)
        with self.assertRaises(AttributeError):
            Process().nonsense()

    def test_wrong_values_name_their_attribute(self):
        with self.assertRaisesRegex(CoercionError, "Process.max_failures: 'x' is no Integer"):
            Process(max_failures="x")
        with self.assertRaisesRegex(CoercionError, "Task.processes: Process is wanted, not a Task"):
            Task(processes=[Task()])

    def test_subclasses_have_more(self):
        class Java(Process):
            heap = Default(Integer, 64)
            cmdline = Default(String, "java -Xmx{{heap}}m")

        task = Task(processes=[Java(name="j", heap=128)])
        self.assertEqual(task.processes()[0].cmdline().get(), "java -Xmx128m")

    def test_equality(self):
        self.assertEqual(Process(name="a"), Process(name="{{x}}").bind(x="a"))
        self.assertNotEqual(Process(name="a"), Process(name="b"))
        self.assertNotEqual(Process(name="a"), Constraint())

    def test_the_usual_values(self):
        process = Process(name="a", cmdline="b").get()
        self.assertEqual(process["max_failures"], 1)
        self.assertEqual(process["min_duration"], 5)
        self.assertEqual(process["logger"], Logger().get())
        self.assertEqual(RotatePolicy().get(), {"log_size": 104857600, "backups": 5})
        task = Task(processes=[]).get()
        self.assertEqual((task["max_concurrency"], task["finalization_wait"]), (0, 30))


if __name__ == "__main__":
    unittest.main()
