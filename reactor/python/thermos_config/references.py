"""How references look inside a text. The rules are those of
core/config/template.h:

{{NAME}} is a reference, {{&NAME}} the text {{NAME}}, and a name may hold references itself, as in
{{host{{number}}}}. Whatever else holds braces is plain text.
"""

from .problems import CoercionError

_FIRST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_MORE = _FIRST | frozenset("0123456789.-[]")
_IN_BRACKETS = _MORE | frozenset("/")


class Reference:
    """A reference as written. `parts` are the pieces of its name: texts, and references."""

    __slots__ = ("escapes", "parts")

    def __init__(self, escapes, parts):
        self.escapes = escapes
        self.parts = parts

    def __str__(self):
        return "{{" + "&" * self.escapes + "".join(map(str, self.parts)) + "}}"

    @property
    def plain_name(self):
        """The name, where it holds no reference; else None."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], str) else None


# References nested deeper than this are none: matching is recursive.
_DEEPEST = 8


def _match(text, begin, depth=0):
    """The reference that begins at `begin`, where "{{" stands, and the place behind it."""
    if depth > _DEEPEST:
        return None, begin
    at = begin + 2
    while text.startswith("&", at):
        at += 1
    escapes = at - begin - 2
    parts = []
    start = at
    bracket = False
    while at < len(text):
        if text.startswith("{{", at):
            inner, behind = _match(text, at, depth + 1)
            if inner is None or inner.escapes:
                return None, begin
            if at > start:
                parts.append(text[start:at])
            parts.append(inner)
            at = start = behind
            continue
        more = _IN_BRACKETS if bracket else _MORE
        if text[at] not in (_FIRST if at == begin + 2 + escapes else more):
            break
        if text[at] in "[]":
            bracket = text[at] == "["
        at += 1
    if at > start:
        parts.append(text[start:at])
    if not parts or not text.startswith("}}", at):
        return None, begin
    return Reference(escapes, parts), at + 2


def split(text):
    """The text as a list of texts and references."""
    pieces = []
    done = at = 0
    while True:
        at = text.find("{{", at)
        if at < 0:
            break
        reference, behind = _match(text, at)
        if reference is None:
            at += 1
            continue
        if at > done:
            pieces.append(text[done:at])
        pieces.append(reference)
        at = done = behind
    if done < len(text):
        pieces.append(text[done:])
    return pieces


def has_references(text):
    return any(isinstance(piece, Reference) for piece in split(text))


def unescape(text):
    """The text that remains when every reference is bound: each escaped one loses one &."""
    if "{{&" not in text:
        return text
    out = []
    for piece in split(text):
        if isinstance(piece, Reference) and piece.escapes:
            piece = Reference(piece.escapes - 1, piece.parts)
        out.append(str(piece))
    return "".join(out)


def escape(text):
    """The text that unescape() makes `text` of."""
    if "{{" not in text:
        return text
    return "".join(
        str(Reference(piece.escapes + 1, piece.parts)) if isinstance(piece, Reference) else piece
        for piece in split(text)
    )


def address(name):
    """The steps of a name: "a.b[c]" is [("a", False), ("b", False), ("c", True)]; None where it
    makes no sense."""
    steps = []
    at = 0
    while at < len(name):
        if name[at] == "[":
            end = name.find("]", at)
            if end < 0 or not steps:
                return None
            steps.append((name[at + 1:end], True))
            at = end + 1
            continue
        if name[at] == ".":
            if not steps:
                return None
            at += 1
        elif steps:
            return None
        end = at
        while end < len(name) and name[end] not in ".[":
            end += 1
        if end == at:
            return None
        steps.append((name[at:end], False))
        at = end
    return steps or None


class Ref(str):
    """The name that a reference has, as a key for bind(): Ref.from_address("mesos.instance")."""

    @classmethod
    def from_address(cls, name):
        if address(str(name)) is None:
            raise CoercionError("%r is no name that a reference can have" % (name,))
        return cls(name)

    def address(self):
        return str(self)
