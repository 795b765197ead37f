"""What every typed value can do: be bound, be interpolated, be checked."""

from .problems import ConfigurationError
from .scopes import Expansion, as_scope


class TypeCheck:
    """Whether a value is whole and of its type, and what is wrong with it if not."""

    def __init__(self, message=None):
        self._message = message

    def ok(self):
        return self._message is None

    def message(self):
        return self._message or ""

    def __bool__(self):
        return self.ok()

    def __repr__(self):
        return "TypeCheck(OK)" if self.ok() else "TypeCheck(FAILED): " + self._message


class Object:
    """A value of a type. It never changes: what would change it makes another."""

    _scopes = ()

    @classmethod
    def coerce(cls, value):
        """The value as one of this type. CoercionError where it can't be one."""
        return value if isinstance(value, cls) else cls(value)

    def scopes(self):
        """Where its references are looked up, the nearest first."""
        return self._scopes

    def _with_scopes(self, scopes):
        other = self.__class__.__new__(self.__class__)
        other.__dict__.update(self.__dict__)
        other._scopes = tuple(scopes)
        return other

    @staticmethod
    def _given(mappings, names):
        given = [as_scope(mapping) for mapping in mappings]
        return given + [as_scope(names)] if names else given

    def bind(self, *mappings, **names):
        """With names bound that go before all that are bound already."""
        return self._with_scopes(tuple(reversed(self._given(mappings, names))) + self._scopes)

    def in_scope(self, *mappings, **names):
        """With names bound that come behind all that are bound already."""
        return self._with_scopes(self._scopes + tuple(self._given(mappings, names)))

    def __mod__(self, names):
        return self.bind(names).interpolate()[0]

    def scopes_within(self, outer):
        """Where what it holds looks, when it stands in `outer` itself."""
        return self._scopes + tuple(outer)

    def interpolate(self):
        """(the same with its references bound, the names that are not)."""
        expansion = Expansion()
        bound = self.expanded(expansion, self._scopes)
        return bound, list(dict.fromkeys(expansion.unbound))

    def expanded(self, expansion, scopes):
        """The same with its references bound in `scopes`, its own among them."""
        raise NotImplementedError

    def as_text(self, expansion, scopes):
        raise ConfigurationError("a %s is not a string" % type(self).__name__)

    def get(self):
        """As a plain Python value."""
        raise NotImplementedError

    def check(self):
        raise NotImplementedError

    def json_dumps(self):
        import json

        return json.dumps(self.get())

    def copy(self):
        return self._with_scopes(self._scopes)

    def __eq__(self, other):
        if not isinstance(other, Object):
            return NotImplemented
        kin = isinstance(other, type(self)) or isinstance(self, type(other))
        return kin and self.get() == other.get()

    def __ne__(self, other):
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    def __hash__(self):
        return hash(repr(self))


class EmptyType:
    """The value of an attribute that has none."""

    def __bool__(self):
        return False

    def __iter__(self):
        return iter(())

    def __repr__(self):
        return "Empty"

    def get(self):
        return None


Empty = EmptyType()
