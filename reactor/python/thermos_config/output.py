"""What an evaluated file gives to thermos: JSON in the keys of its own schema.

Each object's first member has an empty key: the line on which its author made it, and for a task
a further one, the names that --task may call it by.
"""

import json
import os

from .aurora import Job, ignored_by, static_ports
from .containers import Listing, Mapping
from .objects import Empty
from .problems import ConfigurationError, PlacedError
from .references import has_references
from .scalars import Scalar
from .schema import TYPES, Resources, Task
from .scopes import Environment, Expansion
from .structs import Struct

# What thermos's own schema has no key for.
_DROPPED = {Resources: ("gpu",)}


class Output:
    """The tasks of one evaluation. `environment`: names and values, bound to each of them, the
    last first. `foreign`: names that thermos itself binds."""

    def __init__(self, evaluation, environment=(), foreign=()):
        self._evaluation = evaluation
        self._environment = [{name: value} for name, value in environment]
        self._foreign = frozenset(foreign)
        self._notes = []  # of each task: its names, and what is to be said

    def text(self):
        tasks = [self._exported(one) for one in self._evaluation.exported]
        return json.dumps({"tasks": tasks})

    def notes(self, wanted):
        """What is to be said of the task that is called this; of all, when it is empty."""
        return [note for names, notes in self._notes if not wanted or wanted in names for note in notes]

    def _exported(self, exported):
        names = []
        self._notes.append((names, []))
        exported = exported.bind(*self._environment)
        if not isinstance(exported, Job):
            return self._task(exported, (), names)
        task = exported._values["task"]
        if task is Empty:
            self._refuse(exported, "a job needs a task: Job(task=...)")
        cluster = Environment(mesos={"instance": 0, "hostname": os.uname().nodename})
        ports = {"thermos.ports[%s]" % name: port for name, port in static_ports(exported).items()}
        scopes = exported.scopes_within((cluster, Environment(ports)))
        labels = {}
        for key in ("cluster", "role", "environment", "name"):
            value = exported._values[key]
            labels[key] = "" if value is Empty else self._expand(value, scopes)
        names.append(labels["name"])
        names.append("/".join(labels.values()))
        ignored = ignored_by(exported)
        if ignored:
            note = "job %s: ignored, as only a cluster understands it: %s" % (names[1], ", ".join(ignored))
            self._note(note)
        return self._task(task, scopes, names)

    def _note(self, note):
        self._notes[-1][1].append(note)

    def _refuse(self, struct, what):
        file, line = struct._line
        raise PlacedError("%s:%d: %s" % (file, line, what) if line else what) from None

    def _expand(self, value, scopes):
        return value.as_text(Expansion(self._foreign), scopes)

    def _task(self, task, scopes, names):
        written = self._struct(task, scopes, Task)
        name = written.get("name", "")
        self._notes[-1] = ([*names, name], self._notes[-1][1])
        if name == "{{processes[0].name}}":
            del written["name"]  # no process: thermos says so
        return {"": written.pop(""), " names": names, **written}

    def _struct(self, struct, scopes, kind):
        file, line = struct._line
        written = {"": line if file == self._evaluation.name else 0}
        scopes = struct.scopes_within(scopes)
        for key in kind.ATTRIBUTES:
            value = struct._values[key]
            if value is Empty or self._dropped(kind, key, struct):
                continue
            try:
                written[key] = self._value(value, scopes)
            except PlacedError:
                raise
            except ConfigurationError as error:
                self._refuse(struct, "%s.%s: %s" % (kind.__name__, key, error))
        return written

    def _dropped(self, kind, key, struct):
        if key in _DROPPED.get(kind, ()):
            self._note("resources: %s is ignored" % key)
            return True
        # Said where someone said it: thermos has the same defaults, but for options of its own that
        # go over those.
        return isinstance(struct._values[key], Struct) and key not in struct._assigned

    def _value(self, value, scopes):
        if isinstance(value, Scalar):
            return self._scalar(value, scopes)
        if isinstance(value, Listing):
            scopes = value.scopes_within(scopes)
            return [self._value(item, scopes) for item in value._items]
        if isinstance(value, Mapping):
            scopes = value.scopes_within(scopes)
            return {self._expand(key, scopes): self._value(item, scopes) for key, item in value._items}
        for kind in TYPES.structs():
            if isinstance(value, kind):
                return self._struct(value, scopes, kind)
        raise TypeError("no task holds %r" % (value,))

    def _scalar(self, value, scopes):
        written = value._value
        if not isinstance(written, str):
            return written
        text = self._expand(value, scopes)
        if has_references(text):
            return text
        # A number that was a text until now becomes one by its type.
        read = type(value)._read(text)
        return read if not isinstance(read, str) else text


