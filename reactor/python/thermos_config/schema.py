"""What a task is made of: the structs that .thermos files fill in."""

from .containers import List, Map
from .scalars import Boolean, Enum, Float, Integer, Seconds, String
from .structs import Default, Required, Struct

BYTES = 1
KB = 1024 * BYTES
MB = 1024 * KB
GB = 1024 * MB
TB = 1024 * GB


class ThermosContext(Struct):
    """What {{thermos...}} stands for. It is bound when the task is run, not before."""

    task_id = String
    ports = Map(String, Integer)
    user = String


class Resources(Struct):
    cpu = Float
    ram = Integer
    disk = Integer
    gpu = Integer


class Constraint(Struct):
    order = List(String)


class RotatePolicy(Struct):
    log_size = Default(Integer, 100 * MB)
    backups = Default(Integer, 5)


LoggerDestination = Enum("LoggerDestination", ("file", "console", "both", "none"))
LoggerMode = Enum("LoggerMode", ("standard", "rotate"))


class Logger(Struct):
    destination = Default(LoggerDestination, "file")
    mode = Default(LoggerMode, "standard")
    rotate = Default(RotatePolicy, RotatePolicy())


class Process(Struct):
    cmdline = Required(String)
    name = Required(String)
    resources = Resources
    max_failures = Default(Integer, 1)
    daemon = Default(Boolean, False)
    ephemeral = Default(Boolean, False)
    min_duration = Default(Seconds, 5)
    final = Default(Boolean, False)
    logger = Default(Logger, Logger())


class Task(Struct):
    name = Default(String, "{{processes[0].name}}")
    processes = Required(List(Process))
    resources = Resources
    constraints = List(Constraint)
    max_failures = Default(Integer, 1)
    max_concurrency = Default(Integer, 0)
    finalization_wait = Default(Seconds, 30)
    user = String
