"""What a task is made of: the structs that .thermos files fill in.

Their attributes are those of `thermos schema`, which lies beside this as schema.json. What is said
here is only where the ancestor's structs, and so the files written for them, differ from it.
"""

import json
import os

from .containers import Choice, List, Listing, Map, Mapping
from .objects import Empty
from .problems import CoercionError
from .scalars import Boolean, Enum, Float, Integer, Seconds, String
from .scopes import kind_of
from .structs import Attribute, Default, Required, Struct

BYTES = 1
KB = 1024 * BYTES
MB = 1024 * KB
GB = 1024 * MB
TB = 1024 * GB

# The schema has no word for what a number counts, but times have a bound of their own.
_MOST_SECONDS = 1000000000


class ThermosContext(Struct):
    """What {{thermos...}} stands for. It is bound when the task is run, not before."""

    task_id = String
    ports = Map(String, Integer)
    user = String


def _camel(words):
    return "".join(word.capitalize() for word in words.replace("_", " ").split())


class Types:
    """The types of the schema's definitions, each made when it is first asked for."""

    _NAMES = {"rotate": "RotatePolicy"}  # where a struct is called otherwise
    # What has no default as long as nobody gives it: `resources` are summed up by what was said.
    _WITHOUT_DEFAULTS = ("resources",)
    # Objects that say something when they have all their defaults: no backoff is none.
    _NEVER_DEFAULTS = (*_WITHOUT_DEFAULTS, "backoff")

    def __init__(self, schema, foreign=None):
        """`foreign`: what to say of other programs' keys, by the definition that has them not."""
        self._definitions = schema["$defs"]
        self._foreign = foreign or {}
        self._made = {}
        self.enums = {}  # by the names of their structs and attributes: LoggerMode

    def structs(self):
        return tuple(self._made.values())

    def by_name(self):
        """All structs and enumerations, by the names that files use."""
        return {**{struct.__name__: struct for struct in self.structs()}, **self.enums}

    def struct(self, definition, **more):
        """`more`: attributes beside the schema's, or instead of them."""
        if definition not in self._made:
            said = self._definitions[definition]
            name = self._NAMES.get(definition, _camel(definition))
            members = {
                key: self._attribute(rule, key in said.get("required", ()), definition, name + _camel(key))
                for key, rule in said["properties"].items()
            }
            members.update(more, __doc__=said["description"], __module__=__name__)
            members["FOREIGN"] = self._foreign.get(definition, {})
            self._made[definition] = type(Struct)(name, (Struct,), members)
        return self._made[definition]

    def _attribute(self, rule, required, definition, enum):
        kind = self.kind(rule, enum)
        if required:
            return Required(kind)
        if "default" in rule and definition not in self._WITHOUT_DEFAULTS:
            return Default(kind, rule["default"])
        # An object is made of its own defaults; but no resources are not resources of nothing, and
        # where one of several keys must be given, no default is enough.
        if "$ref" in rule and self._definition(rule) not in self._NEVER_DEFAULTS:
            if "oneOf" not in self._definitions[self._definition(rule)]:
                return Default(kind, kind())
        return Attribute(kind)

    @staticmethod
    def _definition(rule):
        return rule["$ref"].rsplit("/", 1)[1]

    def kind(self, rule, enum):
        """The type that takes what the rule does. An enumeration in it is called `enum`."""
        if "anyOf" in rule:
            return self._either(*rule["anyOf"], enum)
        if "$ref" in rule:
            return self.struct(self._definition(rule))
        if "enum" in rule:
            return self.enums.setdefault(enum, Enum(enum, tuple(rule["enum"])))
        kind = rule["type"]
        if kind == "array":
            return List(self.kind(rule["items"], enum))
        if kind == "object":
            return Map(String, self.kind(rule["additionalProperties"], enum))
        if kind == "number":
            return Seconds if rule["maximum"] == _MOST_SECONDS else Float
        return {"string": String, "boolean": Boolean, "integer": Integer}[kind]

    def _either(self, rule, other, enum):
        """What is written as the one or, shorter, as the other."""
        kind = self.kind(rule, enum)
        if issubclass(kind, Listing) and "anyOf" in other:
            return Choice(self.kind(other, enum), kind)  # one alone is not the same as a list of one
        if issubclass(kind, Struct):
            first = next(iter(kind.ATTRIBUTES))
            return _shorter(kind, str, lambda text: {first: text})
        if issubclass(kind, Listing) and other.get("type") == "string":
            return _shorter(kind, str, lambda text: [text])
        if issubclass(kind, Listing) and other.get("type") == "object":
            return _shorter(kind, dict, lambda named: [_named(*one) for one in named.items()])
        if issubclass(kind, Mapping):
            first = kind.VALUE.VALUES[0]
            return _shorter(kind, (list, tuple), lambda names: {name: first for name in names})
        return kind  # or a text with references, which every type takes


def _shorter(kind, types, whole):
    """`kind`, where values of `types` are taken as well: made whole, they are of it."""

    class Short(kind):
        @classmethod
        def coerce(cls, value):
            return kind.coerce(whole(value) if isinstance(value, types) else value)

    Short.__name__ = kind.__name__
    return Short


def _named(name, struct):
    """A struct, or its attributes, behind its name."""
    if not isinstance(struct, (dict, Struct)):
        raise CoercionError("behind the name '%s' a struct is wanted, not %s" % (name, kind_of(struct)))
    given = struct.get("name") if isinstance(struct, dict) else struct._values["name"]
    if given is None or given is Empty:
        return {"name": name, **struct} if isinstance(struct, dict) else struct(name=name)
    if str(given) != str(name):
        raise CoercionError("behind the name '%s' stands one named '%s': leave one out" % (name, given))
    return struct


def _load(name):
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return json.load(file)


TYPES = Types(_load("schema.json"), _load("foreign.json"))
Resources = TYPES.struct("resources", gpu=Integer)
Constraint = TYPES.struct("constraint")
RotatePolicy = TYPES.struct("rotate")
Logger = TYPES.struct("logger")
Backoff = TYPES.struct("backoff")
Ready = TYPES.struct("ready")
Healthy = TYPES.struct("healthy")
Process = TYPES.struct("process")
Task = TYPES.struct(
    "task",
    name=Default(String, "{{processes[0].name}}"),
    constraints=Default(List(Constraint), []),
)
LoggerDestination = TYPES.enums["LoggerDestination"]
LoggerMode = TYPES.enums["LoggerMode"]
