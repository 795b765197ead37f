"""What is wrong with a configuration, and where its author wrote it."""

import os


class ConfigurationError(Exception):
    """Wrong in the file that is evaluated: its text says all there is to say."""


class PlacedError(ConfigurationError):
    """One whose text begins with its place."""


class CoercionError(ConfigurationError, ValueError):
    """A value that its type can't hold."""


class UnknownAttribute(ConfigurationError, AttributeError):
    """An attribute that a struct does not have."""


class EndlessReference(ConfigurationError):
    """A reference that leads to itself."""


_HERE = os.path.dirname(os.path.abspath(__file__))


def is_ours(filename):
    """Whether a code object's file is part of this package, or of Python's own machinery."""
    return filename.startswith(_HERE + os.sep) or filename.startswith("<frozen")


def one_line(text):
    return " ".join(str(text).split())


def _words(error):
    if isinstance(error, SystemExit):
        return "calls exit(): a configuration says what is run, and ends nothing"
    if isinstance(error, ConfigurationError):
        return one_line(error)
    text = one_line(error)
    name = type(error).__name__
    return name + ": " + text if text else name


def describe(error, name, evaluated):
    """One line, "file:line: what is wrong". `evaluated`: the files that are the author's; where
    none of them is on the way to the error, the file called `name` is blamed as a whole."""
    import traceback

    if isinstance(error, PlacedError):
        return one_line(error)
    if isinstance(error, SyntaxError) and error.filename in evaluated:
        return "%s:%s: SyntaxError: %s" % (error.filename, error.lineno, one_line(error.msg))
    place = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in evaluated:
            place = "%s:%d" % (frame.filename, frame.lineno)
    return "%s: %s" % (place or name, _words(error))


def nearest(word, known):
    """", did you mean 'x'?" for a word that is nearly one of `known`, else ""."""
    import difflib

    near = difflib.get_close_matches(word, sorted(known), 1)
    return ": did you mean '%s'?" % near[0] if near else ""
