"""Struct: a type with attributes, each of a type of its own."""

import sys

from .containers import is_type
from .objects import Empty, Object, TypeCheck
from .problems import CoercionError, UnknownAttribute, is_ours, nearest
from .scalars import Scalar
from .scopes import Expansion, descend, kind_of


class Attribute:
    """What a struct says of one attribute."""

    def __init__(self, kind, required=False, default=Empty):
        if not is_type(kind):
            raise CoercionError("an attribute takes a type, as String, not %r" % (kind,))
        self.kind = kind
        self.required = required
        self.default = default if default is Empty else kind.coerce(default)


def Required(kind):  # noqa: N802
    """An attribute that must be given."""
    return Attribute(kind.kind if isinstance(kind, Attribute) else kind, required=True)


def Default(kind, value):  # noqa: N802
    """An attribute with a value where none is given; it may hold references."""
    return Attribute(kind.kind if isinstance(kind, Attribute) else kind, default=value)


def _accessor(name):
    def access(self):
        value = self._values[name]
        if value is Empty:
            return Empty
        return value.expanded(Expansion(), self.scopes_within(()))

    access.__name__ = name
    return access


class _StructType(type):
    def __new__(mcs, name, bases, members):
        attributes = {}
        for base in reversed(bases):
            attributes.update(getattr(base, "ATTRIBUTES", {}))
        plain = {}
        for key, value in members.items():
            if isinstance(value, Attribute):
                attributes[key] = value
            elif is_type(value) and not key.startswith("_"):
                attributes[key] = Attribute(value)
            else:
                plain[key] = value
                continue
            plain[key] = _accessor(key)
        plain["ATTRIBUTES"] = attributes
        return super().__new__(mcs, name, bases, plain)


def _author_line():
    """(file, line) of the nearest caller that is no code of ours."""
    frame = sys._getframe(2)
    while frame is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)


class Struct(Object, metaclass=_StructType):
    # Subclasses may take attributes that nobody declared.
    LENIENT = False
    # What to say of attributes that it has not, but structs of other programs have.
    FOREIGN = {}

    def __init__(self, *mappings, **values):
        self._values = {name: said.default for name, said in self.ATTRIBUTES.items()}
        self._assigned = frozenset()
        self._line = _author_line()
        self._update(mappings, values)

    @classmethod
    def coerce(cls, value):
        if isinstance(value, cls):
            return value
        if isinstance(value, dict):
            return cls(value)
        shown = kind_of(value) if not isinstance(value, Scalar) else repr(value)
        raise CoercionError("%s is wanted, not %s" % (cls.__name__, shown))

    def _update(self, mappings, values):
        given = {}
        assigned = set(values)
        for mapping in mappings:
            # Of another struct everything is taken over, and its defaults are defaults still.
            if isinstance(mapping, Struct):
                assigned |= mapping._assigned
                mapping = {k: v for k, v in mapping._values.items() if v is not Empty}
            elif isinstance(mapping, dict):
                assigned |= set(mapping)
            if not isinstance(mapping, dict):
                raise CoercionError(
                    "%s takes attributes, not %s" % (type(self).__name__, kind_of(mapping))
                )
            given.update(mapping)
        given.update(values)
        for name, value in given.items():
            said = self.ATTRIBUTES.get(name)
            if said is None:
                if not self.LENIENT:
                    raise UnknownAttribute(self._unknown(name))
                from .containers import Anything

                self._values[name] = Anything.coerce(value)
                continue
            if value is Empty or value is None:
                self._values[name] = Empty
                continue
            try:
                self._values[name] = said.kind.coerce(value)
            except CoercionError as error:
                raise CoercionError("%s.%s: %s" % (type(self).__name__, name, error)) from None
        self._assigned = self._assigned | assigned

    @classmethod
    def _unknown(cls, name):
        if name in cls.FOREIGN:
            return "%s has no attribute '%s': %s" % (cls.__name__, name, cls.FOREIGN[name])
        hint = nearest(str(name), cls.ATTRIBUTES)
        if not hint:
            hint = ": it has " + ", ".join(sorted(cls.ATTRIBUTES))
        return "%s has no attribute '%s'%s" % (cls.__name__, name, hint)

    def __call__(self, *mappings, **values):
        """One like this, with other values."""
        other = self._with_scopes(self._scopes)
        other._values = dict(self._values)
        other._line = _author_line()
        other._update(mappings, values)
        return other

    def __getattr__(self, name):
        if name.startswith("has_") and name[4:] in self.ATTRIBUTES:
            return lambda: self._values[name[4:]] is not Empty
        if self.LENIENT and name in self.__dict__.get("_values", {}):
            return lambda: self._values[name]
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnknownAttribute(self._unknown(name))

    # As a scope: its attributes are names for all that it holds.

    def step(self, word, index):
        value = Empty if index else self._values.get(word, Empty)
        return None if value is Empty else value

    def find(self, steps):
        """As a scope that was bound: its attributes' references see each other."""
        return descend(self, steps)

    def scopes_within(self, outer):
        around = self._scopes + tuple(outer)
        return (_Own(self),) + around + (_Super(around),)

    def expanded(self, expansion, scopes):
        scopes = self.scopes_within(scopes)
        other = self._with_scopes(())
        other._values = {}
        for name, value in self._values.items():
            if value is not Empty:
                try:
                    value = value.expanded(expansion, scopes)
                except CoercionError as error:
                    raise CoercionError("%s.%s: %s" % (type(self).__name__, name, error)) from None
            other._values[name] = value
        return other

    def _bound(self):
        return self.expanded(Expansion(), ())._values

    def get(self):
        return {name: value.get() for name, value in self._bound().items() if value is not Empty}

    def check(self):
        for name, value in self._bound().items():
            said = self.ATTRIBUTES.get(name)
            if value is Empty:
                if said.required:
                    return TypeCheck("%s[%s] is required." % (type(self).__name__, name))
                continue
            checked = value.check()
            if not checked.ok():
                return TypeCheck("%s[%s] failed: %s" % (type(self).__name__, name, checked.message()))
        return TypeCheck()

    def __repr__(self):
        from .containers import _short

        values = self._bound()
        return "%s(%s)" % (
            type(self).__name__,
            ", ".join("%s=%s" % (k, _short(v)) for k, v in values.items() if v is not Empty),
        )

    __hash__ = Object.__hash__


class _Own:
    """A struct's attributes as a scope: NAME, or self.NAME."""

    def __init__(self, struct):
        self.owner = struct

    def find(self, steps):
        if len(steps) > 1 and steps[0] == ("self", False):
            steps = steps[1:]
        value = self.owner.step(*steps[0])
        return None if value is None else descend(value, steps[1:])

    def __repr__(self):
        return repr(self.owner)


class _Super:
    """What stands around a struct as a scope: super.NAME. As it comes behind all else, and what is
    around has one of its own, the outermost answers first, as in the ancestor."""

    def __init__(self, around):
        self._around = around

    def find(self, steps):
        if len(steps) < 2 or steps[0] != ("super", False):
            return None
        for scope in self._around:
            found = scope.find(steps[1:])
            if found is not None:
                return found
        return None
