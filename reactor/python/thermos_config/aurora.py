"""What .aurora files wrap a task in. Of a job, the task alone runs here; what only a cluster
understands is taken and ignored."""

from .containers import Anything
from .objects import Empty
from .scalars import Boolean, Enum, String
from .schema import Task
from .structs import Default, Required, Struct


class Ignored(Struct):
    """A struct that is for the cluster: it takes anything."""

    LENIENT = True


class MesosContext(Ignored):
    pass


class Job(Struct):
    """A task, and where a cluster would run it."""

    LENIENT = True
    name = Default(String, "{{task.name}}")
    role = String
    cluster = String
    environment = Default(String, "devel")
    contact = String
    task = Required(Task)
    service = Default(Boolean, False)
    constraints = Anything

    # Who and where a job is: labels, which change nothing.
    LABELS = frozenset(("name", "role", "cluster", "environment", "contact", "task"))

    @classmethod
    def _unknown(cls, name):
        return "Job has no attribute '%s'" % name


def Service(*mappings, **values):  # noqa: N802
    """A job that the cluster would start again whenever it ends."""
    return Job(*mappings, **dict(values, service=True))


CronJob = MesosJob = Job
Mode = Enum("Mode", ("RO", "RW"))

IGNORED = (
    "Announcer AppcImage BatchUpdateStrategy Container CoordinatorSlaPolicy CountSlaPolicy Docker DockerImage "
    "ExecutorConfig HealthCheckConfig HealthCheckerConfig HttpHealthChecker HttpLifecycleConfig "
    "LifecycleConfig Mesos MesosFetcherURI Metadata Parameter PartitionPolicy PercentageSlaPolicy "
    "QueueUpdateStrategy ShellHealthChecker UpdateConfig VariableBatchUpdateStrategy Volume"
).split()

globals().update({name: type(name, (Ignored,), {}) for name in IGNORED})
DefaultHealthChecker = globals()["HealthCheckerConfig"]()
DefaultLifecycleConfig = globals()["LifecycleConfig"]()
DisableLifecycle = globals()["LifecycleConfig"]()


def static_ports(job):
    """The ports of the job's Announcer that have a number: a process uses them like any other."""
    announce = job._values.get("announce", Empty)
    portmap = getattr(announce, "_values", {}).get("portmap", Empty)
    if portmap is Empty:
        return {}
    ports = {}
    for name, port in portmap.get().items():
        if str(port).isdigit():
            ports[name] = int(port)
    return ports


def ignored_by(job):
    """The attributes of a job that were given and mean nothing without a cluster."""
    counts = set(Job.LABELS)
    if static_ports(job):
        counts.add("announce")
    return sorted(name for name in job._assigned if name not in counts)
