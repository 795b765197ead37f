"""No two types of one namespace have one name: the linker would take the inline functions of either for the other's."""

import collections
import pathlib
import re
import unittest

ROOMS = ("core", "capnp", "coordinator", "reactor")
SOURCE = pathlib.Path(__file__).resolve().parents[2]
OPENS = re.compile(r"namespace ?([\w:]*) ?\{")
CLOSES = re.compile(r"\}  // namespace")
DEFINES = re.compile(r"(?:struct|class|enum class)(?: \[\[nodiscard\]\])? (\w+)(?: final)?(?: :[^;]*)? \{")


def types_of(file):
    """The types that a file defines for all, each with its namespaces."""
    spaces = []
    for line in file.read_text().splitlines():
        if CLOSES.match(line) and spaces:
            spaces.pop()
        elif opened := OPENS.match(line):
            spaces.append(opened.group(1))
        elif (defined := DEFINES.match(line)) and "" not in spaces:
            yield "::".join([*spaces, defined.group(1)])


class TypeNames(unittest.TestCase):
    def test_each_is_defined_once(self):
        places = collections.defaultdict(list)
        for room in ROOMS:
            for file in sorted((SOURCE / room).rglob("*.h")) + sorted((SOURCE / room).rglob("*.cc")):
                for name in types_of(file):
                    places[name].append(str(file.relative_to(SOURCE)))
        self.assertGreater(len(places), 300)
        self.assertEqual({}, {name: files for name, files in places.items() if len(files) > 1})


if __name__ == "__main__":
    unittest.main()
