"""List and Map: types made of types."""

from .objects import Empty, Object, TypeCheck
from .problems import CoercionError
from .scopes import Expansion, kind_of

_made = {}


def is_type(value):
    return isinstance(value, type) and issubclass(value, Object)


class Listing(Object):
    ITEM = None

    def __init__(self, values=()):
        if isinstance(values, Listing):
            self._scopes = values._scopes
            values = values._items
        elif isinstance(values, (str, dict, Object)) or not hasattr(values, "__iter__"):
            raise CoercionError("a list is wanted, not %s" % kind_of(values))
        self._items = tuple(self.ITEM.coerce(value) for value in values)

    def step(self, word, index):
        at = int(word) if index and word.isdigit() else len(self._items)
        return self._items[at] if at < len(self._items) else None

    def find(self, steps):
        from .scopes import descend

        return descend(self, steps)

    def expanded(self, expansion, scopes):
        scopes = self.scopes_within(scopes)
        other = self._with_scopes(())
        other._items = tuple(item.expanded(expansion, scopes) for item in self._items)
        return other

    def _bound(self):
        return self.expanded(Expansion(), ())._items

    def get(self):
        return tuple(item.get() for item in self._bound())

    def check(self):
        for item in self._bound():
            checked = item.check()
            if not checked.ok():
                return TypeCheck("Element in %s failed check: %s" % (type(self).__name__, checked.message()))
        return TypeCheck()

    def __iter__(self):
        return iter(self._bound())

    def __len__(self):
        return len(self._items)

    def __getitem__(self, at):
        return self._bound()[at]

    def __contains__(self, value):
        return any(item == value for item in self._bound())

    def __add__(self, others):
        return list(self) + list(others)

    def __radd__(self, others):
        return list(others) + list(self)

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, ", ".join(map(_short, self._bound())))


class Mapping(Object):
    KEY = None
    VALUE = None

    def __init__(self, *values, **names):
        items = []
        for value in values:
            if isinstance(value, Mapping):
                self._scopes = value._scopes
                items += value._items
            elif isinstance(value, dict):
                items += value.items()
            else:
                raise CoercionError("a map is wanted, not %s" % kind_of(value))
        items += names.items()
        self._items = tuple((self.KEY.coerce(key), self.VALUE.coerce(value)) for key, value in items)

    def step(self, word, index):
        for key, value in self._items:
            if str(key) == word:
                return value
        return None

    def find(self, steps):
        from .scopes import descend

        return descend(self, steps)

    def expanded(self, expansion, scopes):
        scopes = self.scopes_within(scopes)
        other = self._with_scopes(())
        other._items = tuple(
            (key.expanded(expansion, scopes), value.expanded(expansion, scopes))
            for key, value in self._items
        )
        return other

    def _bound(self):
        return self.expanded(Expansion(), ())._items

    def get(self):
        return {key.get(): value.get() for key, value in self._bound()}

    def check(self):
        for key, value in self._bound():
            for part, checked in (("key", key.check()), ("value", value.check())):
                if not checked.ok():
                    return TypeCheck("%s %s failed check: %s" % (type(self).__name__, part, checked.message()))
        return TypeCheck()

    def __iter__(self):
        return (key for key, _ in self._bound())

    def __len__(self):
        return len(self._items)

    def __getitem__(self, wanted):
        for key, value in self._bound():
            if key == wanted:
                return value
        raise KeyError(wanted)

    def __contains__(self, wanted):
        return any(key == wanted for key, _ in self._bound())

    def __repr__(self):
        return "%s(%s)" % (
            type(self).__name__,
            ", ".join("%s => %s" % (_short(key), _short(value)) for key, value in self._bound()),
        )


class _Anything(Object):
    """What nobody looks at."""

    def __init__(self, value):
        self._value = value

    @classmethod
    def coerce(cls, value):
        return value if isinstance(value, Object) else cls(value)

    def expanded(self, expansion, scopes):
        return self

    def get(self):
        return self._value

    def check(self):
        return TypeCheck()

    def __repr__(self):
        return repr(self._value)


Anything = _Anything


def _short(value):
    from .scalars import Scalar

    return str(value) if isinstance(value, Scalar) else repr(value)


def List(item):  # noqa: N802
    """The type of lists of `item`."""
    if not is_type(item):
        raise CoercionError("List takes a type, as in List(String), not %r" % (item,))
    key = ("List", item)
    if key not in _made:
        _made[key] = type(item.__name__ + "List", (Listing,), {"ITEM": item})
    return _made[key]


def Map(key_type, value_type):  # noqa: N802
    """The type of maps from `key_type` to `value_type`."""
    for given in (key_type, value_type):
        if not is_type(given):
            raise CoercionError("Map takes two types, as in Map(String, Integer), not %r" % (given,))
    key = ("Map", key_type, value_type)
    if key not in _made:
        name = "%s%sMap" % (key_type.__name__, value_type.__name__)
        _made[key] = type(name, (Mapping,), {"KEY": key_type, "VALUE": value_type})
    return _made[key]


def is_empty(value):
    return value is Empty


class _Choice(Object):
    """A type that takes what one of several types takes: the first that does makes the value."""

    KINDS = ()

    def __new__(cls, value):
        return cls.coerce(value)

    @classmethod
    def coerce(cls, value):
        for kind in cls.KINDS:
            if isinstance(value, kind):
                return value
        for kind in cls.KINDS:
            try:
                return kind.coerce(value)
            except CoercionError:
                continue
        names = ", ".join(kind.__name__ for kind in cls.KINDS)
        raise CoercionError("%s is none of %s" % (kind_of(value), names))


def Choice(*kinds):  # noqa: N802: the name that files use
    """Choice([String, Integer]), or Choice('Name', [String, Integer])."""
    name = kinds[0] if kinds and isinstance(kinds[0], str) else None
    given = kinds[-1] if kinds else ()
    given = tuple(given) if isinstance(given, (list, tuple)) else tuple(kinds)
    if not given or not all(is_type(kind) for kind in given):
        raise CoercionError("Choice takes types, as Choice([String, Integer])")
    name = name or "Choice_" + "_".join(kind.__name__ for kind in given)
    return type(name, (_Choice,), {"KINDS": given})
