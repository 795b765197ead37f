"""All the names that a file may use without importing them, and the modules that files written
for the ancestor import them from."""

import functools
import sys
import types

from . import aurora, containers, helpers, objects, references, scalars, schema, scopes, structs

_TYPES = {
    "String": scalars.String,
    "Integer": scalars.Integer,
    "Float": scalars.Float,
    "Boolean": scalars.Boolean,
    "Enum": scalars.Enum,
    "List": containers.List,
    "Map": containers.Map,
    "Choice": containers.Choice,
    "Ref": references.Ref,
    "Struct": structs.Struct,
    "Required": structs.Required,
    "Default": structs.Default,
    "Empty": objects.Empty,
    "Environment": scopes.Environment,
}
_SCHEMA = {
    **{name: getattr(schema, name) for name in "BYTES KB MB GB TB ThermosContext".split()},
    **schema.TYPES.by_name(),
}
_HELPERS = {
    name: getattr(helpers, name)
    for name in (
        "order combine_tasks concat_tasks SimpleTask SequentialTask java_options python_options "
        "Options Processes Tasks Units"
    ).split()
}
_AURORA = {
    name: getattr(aurora, name)
    for name in [
        "Job", "Service", "CronJob", "MesosJob", "MesosContext", "Mode", "DefaultHealthChecker",
        "DefaultLifecycleConfig", "DisableLifecycle",
    ] + aurora.IGNORED
}


def _listing(made):
    """A built-in that gives a list, as it did when the ancestor's files were written."""

    @functools.wraps(made, updated=())
    def listed(*arguments):
        return list(made(*arguments))

    return listed


# What files in the Python of the ancestor's time take for granted, and Python 3 has no more.
_OLD = {
    "map": _listing(map),
    "filter": _listing(filter),
    "zip": _listing(zip),
    "range": _listing(range),
    "xrange": range,
    "reduce": functools.reduce,
    "unicode": str,
    "basestring": str,
    "long": int,
}

_MODULES = {
    "pystachio": _TYPES,
    "pystachio.base": _TYPES,
    "pystachio.basic": _TYPES,
    "pystachio.composite": _TYPES,
    "pystachio.choice": _TYPES,
    "pystachio.container": _TYPES,
    "pystachio.naming": _TYPES,
    "apache.thermos.config.schema": {**_TYPES, **_SCHEMA, **_HELPERS},
    "apache.thermos.config.schema_base": {**_TYPES, **_SCHEMA},
    "apache.thermos.config.schema_helpers": _HELPERS,
    "apache.aurora.config.schema.base": {**_TYPES, **_SCHEMA, **_HELPERS, **_AURORA},
    "twitter.thermos.config.schema": {**_TYPES, **_SCHEMA, **_HELPERS},
    "twitter.aurora.config.schema": {**_TYPES, **_SCHEMA, **_HELPERS, **_AURORA},
}


def names():
    """A new dictionary of them all."""
    return {**_OLD, **_TYPES, **_SCHEMA, **_HELPERS, **_AURORA}


def install_modules():
    """Makes `from pystachio import *` and its kin give these names."""
    for path, content in _MODULES.items():
        parts = path.split(".")
        for count in range(1, len(parts) + 1):
            name = ".".join(parts[:count])
            if name not in sys.modules:
                module = types.ModuleType(name)
                module.__path__ = []
                sys.modules[name] = module
                if count > 1:
                    setattr(sys.modules[".".join(parts[: count - 1])], parts[count - 1], module)
        vars(sys.modules[path]).update(content)
