"""String, Integer, Float, Boolean and Enum."""

import math
import re

from .objects import Object, TypeCheck
from .problems import CoercionError
from .references import escape, has_references, unescape
from .scopes import Expansion


class Scalar(Object):
    """One text or number. Written as a text with references it becomes one once they are bound."""

    def __init__(self, value):
        if isinstance(value, Scalar):
            self._scopes = value._scopes
            value = value._value
        elif isinstance(value, Object) or not isinstance(value, (str, int, float)):
            raise CoercionError(self._complaint(value))
        if isinstance(value, str) and has_references(value):
            self._value = value
        else:
            self._value = self._read(value)

    @classmethod
    def _complaint(cls, value):
        shown = repr(value)
        if len(shown) > 60:
            shown = shown[:57] + "..."
        return "%s is no %s" % (shown, cls.__name__)

    @classmethod
    def _read(cls, value):
        """A value without references, as it is kept."""
        raise NotImplementedError

    def expanded(self, expansion, scopes):
        if not isinstance(self._value, str):
            return self
        return type(self)(expansion.text(self._value, self._scopes + tuple(scopes)))

    def _bound(self):
        return self.expanded(Expansion(), ())._value

    def as_text(self, expansion, scopes):
        if isinstance(self._value, str):
            return expansion.text(self._value, self._scopes + tuple(scopes))
        return self._shown(self._value)

    @staticmethod
    def _shown(value):
        return str(value)

    def get(self):
        value = self._bound()
        return unescape(value) if isinstance(value, str) else value

    def check(self):
        value = self._bound()
        if isinstance(value, str) and not isinstance(self, (String, Enumerated)):
            return TypeCheck("%r is no %s" % (value, type(self).__name__))
        return TypeCheck()

    def __str__(self):
        value = self.get()
        return value if isinstance(value, str) else self._shown(value)

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, self)

    def __eq__(self, other):
        if isinstance(other, (str, int, float)):
            return self.get() == other
        return isinstance(other, Scalar) and self.get() == other.get()

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self.get())


class String(Scalar):
    @classmethod
    def _read(cls, value):
        return str(value)

    def __add__(self, other):
        return str(self) + str(other)

    @classmethod
    def literal(cls, text):
        """The text as it is, references and all."""
        return cls(escape(text))


class _Number(Scalar):
    def __int__(self):
        return int(self.get())

    def __float__(self):
        return float(self.get())

    def __index__(self):
        return int(self.get())


class Integer(_Number):
    @classmethod
    def _read(cls, value):
        # Of a fraction the whole part, as the ancestor took it: files have 0.1*GB, and 7/2 was whole there.
        try:
            return int(value)
        except (ValueError, OverflowError):
            raise CoercionError(cls._complaint(value)) from None


class Float(_Number):
    @classmethod
    def _read(cls, value):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise CoercionError(cls._complaint(value)) from None
        if not math.isfinite(number):
            raise CoercionError(cls._complaint(value))
        return number


_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ms|d|h|m|s)")


class Seconds(Float):
    """A time. Whole seconds look it, as the ancestor's, which knew nothing else. A text with units,
    as "1h30m", is the sum of its parts."""

    @classmethod
    def _read(cls, value):
        if isinstance(value, str) and re.fullmatch("(%s)+" % _PART.pattern, value):
            parts = _PART.findall(value)
            # To the microsecond, which is all that thermos counts.
            value = round(sum(float(count) * _UNITS[unit] for count, unit in parts), 6)
        return super()._read(value)

    @staticmethod
    def _shown(value):
        return str(int(value)) if value == int(value) else str(value)

    def get(self):
        value = super().get()
        return int(value) if isinstance(value, float) and value == int(value) else value


class Boolean(Scalar):
    @classmethod
    def _read(cls, value):
        if isinstance(value, str):
            word = value.strip().lower()
            if word in ("true", "1"):
                return True
            if word in ("false", "0"):
                return False
        elif value in (0, 1):
            return bool(value)
        raise CoercionError(cls._complaint(value))

    def __bool__(self):
        return self.get() is True


class Enumerated(Scalar):
    VALUES = ()

    @classmethod
    def _read(cls, value):
        if value not in cls.VALUES:
            raise CoercionError("%s: it is one of %s" % (cls._complaint(value), ", ".join(cls.VALUES)))
        return value


def Enum(*words):  # noqa: N802: the name that files use
    """A type that takes these words alone: Enum('red', 'green') or Enum('Colour', ('red', ...))."""
    if len(words) == 2 and isinstance(words[0], str) and isinstance(words[1], (list, tuple)):
        name, values = words[0], tuple(words[1])
    else:
        name, values = "Enum_" + "_".join(map(str, words)), words
    if not values or not all(isinstance(value, str) for value in values):
        raise CoercionError("Enum takes its words: Enum('red', 'green'), or a name and a list of them")
    members = {"VALUES": tuple(values)}
    members.update((value, value) for value in values if value.isidentifier() and not hasattr(Enumerated, value))
    return type(name, (Enumerated,), members)
