"""Where the names in references are looked up, and what texts become by it."""

from .problems import ConfigurationError, EndlessReference
from .references import Reference, address, split

# A reference leads to a text that may hold references: no deeper, and no longer, than this.
_DEEPEST = 100
_LONGEST = 131071


class Environment:
    """Names and what they are bound to: texts, numbers, objects, dictionaries and lists. A name
    may be dotted."""

    def __init__(self, *mappings, **names):
        self._names = {}
        for mapping in mappings + (names,):
            for name, value in dict(mapping).items():
                self._names[str(name)] = value

    def __repr__(self):
        return "Environment(%s)" % ", ".join(
            "%s=%r" % item for item in sorted(self._names.items())
        )

    def find(self, steps):
        for count in range(len(steps), 0, -1):
            name = _text_of(steps[:count])
            if name in self._names:
                found = descend(self._names[name], steps[count:])
                if found is not None:
                    return found
        return None


def _text_of(steps):
    text = ""
    for word, index in steps:
        text += "[" + word + "]" if index else ("." if text else "") + word
    return text


def descend(value, steps):
    """(value, scopes) of what `steps` lead to below `value`; None: nothing. The scopes are those
    of what was passed on the way, the nearest first."""
    scopes = ()
    for at, (word, index) in enumerate(steps):
        if hasattr(value, "step"):
            scopes = value.scopes_within(scopes)
            value = value.step(word, index)
        elif isinstance(value, dict):
            found = Environment(value).find(steps[at:])
            return None if found is None else (found[0], found[1] + scopes)
        elif isinstance(value, (list, tuple)) and index and word.isdigit():
            value = value[int(word)] if int(word) < len(value) else None
        else:
            return None
        if value is None:
            return None
    return value, scopes


def as_scope(value):
    if isinstance(value, dict):
        return Environment(value)
    if hasattr(value, "find"):
        return value
    raise ConfigurationError("bind() takes names and values, not %r" % (value,))


class Expansion:
    """Binds the references in texts, as far as that goes: what has no value stays. Escaped
    references stay, too, for unescape(). `foreign`: names that are left alone, as someone else
    binds them. `unbound` collects what was found nowhere.

    A value's own references are looked up from where the value is used, not from where it stands,
    as the ancestor did by putting values into the text and looking at the text again. Only what
    was passed on the way to it (b's in {{a.b.c}}) and what it is bound to itself go before."""

    def __init__(self, foreign=()):
        self.foreign = frozenset(foreign)
        self.unbound = []
        self._trail = []

    def text(self, text, scopes):
        pieces = split(text)
        if not any(isinstance(piece, Reference) for piece in pieces):
            return text
        out = []
        size = 0
        for piece in pieces:
            if isinstance(piece, Reference) and not piece.escapes:
                piece = self._reference(piece, scopes)
            out.append(str(piece))
            size += len(out[-1])
            if size > _LONGEST:
                raise ConfigurationError(
                    "references make a text longer than %d bytes" % _LONGEST
                )
        return "".join(out)

    def _reference(self, reference, scopes):
        name = reference.plain_name
        if name is None:
            # A name made of references is one when all of them have become texts.
            name = "".join(
                self._reference(part, scopes) if isinstance(part, Reference) else part
                for part in reference.parts
            )
            if "{{" in name:
                return "{{" + name + "}}"
        written = "{{" + name + "}}"
        # thermos binds a process's own combination when it has made a process of it.
        if name in self.foreign or name.startswith("matrix."):
            return written
        steps = address(name)
        if steps is None:
            return written
        for scope in scopes:
            found = scope.find(steps)
            if found is not None:
                break
        else:
            self.unbound.append(name)
            return written
        value, passed = found
        key = (name, id(getattr(scope, "owner", scope)))
        if key in self._trail or len(self._trail) >= _DEEPEST:
            names = [step[0] for step in self._trail]
            if name in names:
                names = names[names.index(name):]
            raise EndlessReference("endless reference: " + " -> ".join(names[-10:] + [name]))
        self._trail.append(key)
        try:
            return self.text(self._value(value, passed, name), scopes)
        finally:
            self._trail.pop()

    def _value(self, value, passed, name):
        if hasattr(value, "as_text"):
            missing = len(self.unbound)
            text = value.as_text(self, passed)
            del self.unbound[missing:]  # for now: it will be looked up further out
            return text
        if isinstance(value, (str, int, float)):
            return str(value)
        raise ConfigurationError("{{%s}} is not a string, but %s" % (name, kind_of(value)))


_KINDS = {
    type(None): "None", str: "a text", int: "a number", float: "a number", bool: "True or False",
    dict: "a dictionary", list: "a list", tuple: "a list",
}


def kind_of(value):
    """What a value is, for messages."""
    if type(value) in _KINDS:
        return _KINDS[type(value)]
    kind = type(value).__name__
    return ("an " if kind[0] in "aeiouAEIOU" else "a ") + kind
