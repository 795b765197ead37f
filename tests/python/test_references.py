"""How references look, and what they are bound to."""

import unittest

from thermos_config.containers import List, Map
from thermos_config.problems import ConfigurationError, EndlessReference
from thermos_config.references import address, escape, has_references, split, unescape
from thermos_config.scalars import Float, Integer, String
from thermos_config.schema import Process, Task
from thermos_config.scopes import Environment
from thermos_config.structs import Default, Required, Struct


class Texts(unittest.TestCase):
    def test_what_is_a_reference(self):
        for text in ("{{a}}", "x{{a.b[c]}}y", "{{_}}", "{{{{a}}}}", "{{{a}}", "{{x{{y}}}}", "{{a[b/c]}}"):
            self.assertTrue(has_references(text), text)
        for text in ("", "{{}}", "{{ a }}", "{{1}}", "${a}", "{{a b}}", "{{a}", "{a}}", "{{&}}", "{{a{{}}}}", "{{a/b}}", "{{a[b]/c}}"):
            self.assertFalse(has_references(text), text)

    def test_pieces_make_the_text_again(self):
        for text in ("a{{b}}c", "{{&&b}}", "{{a{{b}}c}}", "{{{{b}}", "{{" * 5000, "{{a" * 3000 + "}}" * 3000):
            self.assertEqual("".join(map(str, split(text))), text)

    def test_escapes(self):
        self.assertEqual(unescape("{{&a}} {{&&a}} {{a}}"), "{{a}} {{&a}} {{a}}")
        for text in ("{{a}}", "{{&a}}", "plain", "{{a{{b}}}}"):
            self.assertEqual(unescape(escape(text)), text)

    def test_addresses(self):
        self.assertEqual(address("a.b[c].d"), [("a", False), ("b", False), ("c", True), ("d", False)])
        self.assertEqual(address("a[b.c]"), [("a", False), ("b.c", True)])
        for name in ("", ".a", "[a]", "a..b", "a[b", "a[b]c", "a."):
            self.assertIsNone(address(name), name)


class Binding(unittest.TestCase):
    def test_later_bindings_go_first(self):
        text = String("{{x}}").bind(x="old").bind(x="new")
        self.assertEqual(text.get(), "new")
        self.assertEqual(String("{{x}}").bind({"x": 1}, {"x": 2}).get(), "2")
        self.assertEqual(String("{{x}}").bind({"x": 1}, x=2).get(), "2")

    def test_in_scope_comes_behind(self):
        self.assertEqual(String("{{x}}{{y}}").bind(x=1).in_scope(x=2, y=3).get(), "13")

    def test_percent_interpolates(self):
        self.assertEqual((String("{{x}} {{y}}") % {"x": 1}).get(), "1 {{y}}")
        self.assertEqual((String("{{x}}") % Environment(x="a")).get(), "a")

    def test_what_is_unbound_is_said(self):
        bound, unbound = String("{{a}} {{b}} {{c.d}}").bind(b=1).interpolate()
        self.assertEqual(bound.get(), "{{a}} 1 {{c.d}}")
        self.assertEqual(unbound, ["a", "c.d"])

    def test_numbers_wait_for_their_references(self):
        number = Float("{{not}}.{{floaty}}")
        self.assertEqual(number.bind({"not": 1}).get(), "1.{{floaty}}")
        self.assertFalse(number.bind({"not": 1}).check().ok())
        self.assertEqual(number.bind({"not": 1, "floaty": 5}).get(), 1.5)
        with self.assertRaises(ConfigurationError):
            number.bind({"not": 1, "floaty": "GARBAGE"}).get()

    def test_names_made_of_references(self):
        text = String("{{metavar{{number}}}}").bind(metavar1="first", metavar2="second")
        self.assertEqual(text.bind(number=1).get(), "first")
        self.assertEqual(text.bind(number=2).get(), "second")
        self.assertEqual(text.get(), "{{metavar{{number}}}}")

    def test_lists_maps_and_structs_are_walked(self):
        class Profile(Struct):
            ports = Map(String, Integer)
            hosts = List(String)

        profile = Profile(ports={"http": 80}, hosts=["a", "b{{n}}"])
        text = String("{{p.hosts[1]}}:{{p.ports[http]}}").bind(p=profile, n=7)
        self.assertEqual(text.get(), "b7:80")
        self.assertEqual(String("{{d.a.b}} {{d[a]}}").bind(d={"a": {"b": 1}}).get(), "1 {{d[a]}}")
        self.assertEqual(String("{{l[2]}}").bind(l=[1, 2]).get(), "{{l[2]}}")
        self.assertEqual(String("{{a.b}}").bind({"a.b": "dotted"}).get(), "dotted")

    def test_a_struct_has_its_own_names_first(self):
        self.assertEqual(
            Process(name="own", cmdline="{{name}}").bind(name="bound").cmdline().get(), "own"
        )

    def test_parents_names_come_behind(self):
        task = Task(
            name="t", user="u", processes=[Process(name="p", cmdline="{{name}} {{user}} {{x}}")]
        ).bind(x=1)
        self.assertEqual(task.processes()[0].cmdline().get(), "p u 1")

    def test_what_a_name_leads_to_is_looked_up_from_where_it_is_used(self):
        task = Task(name="t", user="{{name}}", processes=[Process(name="p", cmdline="{{user}} {{x}}")])
        self.assertEqual(task.bind(x="{{name}}").processes()[0].cmdline().get(), "p p")
        self.assertEqual(task.user().get(), "t")

    def test_what_a_path_leads_to_finds_what_it_passed_first(self):
        task = Task(
            name="t",
            processes=[
                Process(name="a", cmdline="{{name}} {{x}}").bind(z="passed"),
                Process(name="b", cmdline="{{processes[0].cmdline}}"),
            ],
        ).bind(x="{{name}} {{z}}", z="outer")
        commands = [process.cmdline().get() for process in task.processes()]
        # x is not known in the first process: it is looked up, all of it, from the second.
        self.assertEqual(commands, ["a a passed", "a b outer"])

    def test_self_and_super(self):
        process = Process(name="p", cmdline="{{self.name}} {{super.name}} {{super.x}} {{super.super.x}}")
        task = Task(name="t", processes=[process.bind(x="near")]).bind(x="far")
        self.assertEqual(task.processes()[0].cmdline().get(), "p t far far")
        self.assertEqual(process.cmdline().get(), "p {{super.name}} {{super.x}} {{super.super.x}}")

    def test_percent_binds_first(self):
        self.assertEqual((String("{{x}}").bind(x="old") % {"x": "new"}).get(), "new")

    def test_booleans_are_what_python_writes(self):
        text = String("{{flag}} {{daemon}}").bind(flag=True)
        process = Process(name="p", daemon=True, cmdline=text)
        self.assertEqual(process.cmdline().get(), "True True")
        self.assertEqual(String(False).get(), "False")

    def test_nearer_bindings_win(self):
        one = Process(name="{{context}}_process")
        task = Task().bind(context="global")
        names = [p.name().get() for p in task(processes=[one, one.bind(context="local")]).processes()]
        self.assertEqual(names, ["global_process", "local_process"])

    def test_a_struct_sees_its_own_attributes_through_a_binding(self):
        class Profile(Struct):
            environment = Required(String)
            data = Default(String, "/data/{{environment}}")

        process = Process(cmdline="{{profile.data}}").bind(profile=Profile(environment="prod"))
        self.assertEqual(process.cmdline().get(), "/data/prod")

    def test_a_default_follows_what_it_refers_to(self):
        task = Task(processes=[Process(name="first", cmdline="true")])
        self.assertEqual(task.name().get(), "first")
        self.assertEqual(task(name="other").name().get(), "other")

    def test_escaped_references_survive_any_number_of_interpolations(self):
        text = String("{{&x}} {{y}}").bind(x="never")
        for _ in range(3):
            text = text.interpolate()[0]
        self.assertEqual(text.bind(x=1, y=2).get(), "{{x}} 2")

    def test_endless_references_are_refused(self):
        for value in (
            String("{{a}}").bind(a="{{b}}", b="{{a}}"),
            Process(name="{{name}}", cmdline="true").bind(name="x"),
            Process(name="{{cmdline}}", cmdline="{{name}}"),
        ):
            with self.assertRaisesRegex(EndlessReference, "endless reference"):
                value.get()

    def test_texts_that_explode_are_refused(self):
        bindings = {"x0": "lol" * 10}
        for level in range(1, 20):
            bindings["x%d" % level] = "{{x%d}}" % (level - 1) * 10
        with self.assertRaises(ConfigurationError):
            String("{{x19}}").bind(bindings).get()

    def test_a_struct_is_not_a_string(self):
        with self.assertRaisesRegex(ConfigurationError, "is not a string"):
            String("{{p}}").bind(p=Process(name="a")).get()


if __name__ == "__main__":
    unittest.main()
