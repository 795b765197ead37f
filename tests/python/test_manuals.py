"""Manual pages that are made from --help."""

import importlib.util
import os
import unittest

PATH = os.path.join(os.path.dirname(__file__), "../../reactor/packaging/manuals.py")


def load():
    spec = importlib.util.spec_from_file_location("manuals", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Page(unittest.TestCase):
    def test_every_usage_line_is_in_the_synopsis(self):
        page = load().page("thermos-x", "does x", "Usage: thermos x CONFIG\n       thermos x TASK\n\nDoes x.\n\n"
                           "  -q          says nothing\n", 1, "1.0")
        synopsis, rest = page.split(".SH DESCRIPTION\n")
        self.assertIn("\\fBthermos x CONFIG\\fR\n.br\n\\fBthermos x TASK\\fR\n", synopsis)
        self.assertTrue(rest.startswith("Does x.\n"), rest)
        self.assertIn(".SH OPTIONS\n.TP\n\\fB\\-q\\fR\nsays nothing\n", rest)

    def test_a_text_before_the_usage_is_described(self):
        page = load().page("d", "a daemon", "Leads tasks.\nUsage: d [OPTIONS]\n\nOptions:\n  --root TEXT  where\n", 8, "1.0")
        synopsis, rest = page.split(".SH DESCRIPTION\n")
        self.assertIn("\\fBd [OPTIONS]\\fR\n", synopsis)
        self.assertTrue(rest.startswith("Leads tasks.\n"), rest)


if __name__ == "__main__":
    unittest.main()
