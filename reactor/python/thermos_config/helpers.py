"""Helpers that combine tasks into tasks, and options into command lines."""

from .objects import Empty
from .problems import CoercionError, ConfigurationError
from .scalars import Scalar
from .schema import GB, Constraint, Process, Resources, Task
from .scopes import kind_of

_KINDS = ("cpu", "ram", "disk")


def _amount(resources, kind):
    if resources is Empty or resources is None:
        return 0
    value = getattr(resources, kind)()
    if value is Empty:
        return 0
    amount = value.get()
    if isinstance(amount, str):
        raise ConfigurationError(
            "the tasks' resources can't be put together: %s is %r, which is not bound yet" % (kind, amount)
        )
    return amount


def _wait(task):
    seconds = task.finalization_wait().get()
    if isinstance(seconds, str):
        raise ConfigurationError(
            "the tasks' finalization_wait can't be put together: %r is not bound yet" % seconds
        )
    return seconds


def _distinct(items):
    """Without those that equal an earlier one."""
    kept = []
    by_text = {}
    for item in items:
        alike = by_text.setdefault(repr(item), [])
        if not any(item == other for other in alike):
            alike.append(item)
            kept.append(item)
    return kept


class Units:
    """Parts of tasks, merged."""

    @staticmethod
    def optional_resources(resources):
        return Resources() if resources is Empty else resources

    @staticmethod
    def resources_sum(*resources):
        return Resources(**{kind: sum(_amount(one, kind) for one in resources) for kind in _KINDS})

    @staticmethod
    def resources_max(resources):
        resources = list(resources)
        return Resources(
            **{kind: max([_amount(one, kind) for one in resources] or [0]) for kind in _KINDS}
        )

    @staticmethod
    def processes_merge(tasks):
        return _distinct(process for task in tasks for process in task.processes())

    @staticmethod
    def finalization_wait_sum(tasks):
        return sum(_wait(task) for task in tasks)

    @staticmethod
    def finalization_wait_max(tasks):
        return max(_wait(task) for task in tasks)

    @staticmethod
    def constraints_merge(tasks):
        return _distinct(constraint for task in tasks for constraint in task.constraints())


class Processes:
    """What is done with processes."""

    @staticmethod
    def _name(process):
        if isinstance(process, Process):
            name = process.name()
            if name is Empty:
                raise CoercionError("order() needs processes with names, and one has none")
            return name
        if isinstance(process, (str, Scalar)):
            return process
        raise CoercionError("order() takes processes and their names, not %s" % kind_of(process))

    @staticmethod
    def order(*processes):
        """The constraints, one in a list, that run these one behind the other."""
        return [Constraint(order=[Processes._name(process) for process in processes])]


class Tasks:
    """What is done with tasks. All but the processes, constraints, resources and
    finalization_wait of what is put together are the last task's."""

    SIMPLE_CPU = 1.0
    SIMPLE_RAM = 1 * GB
    SIMPLE_DISK = 1 * GB

    @staticmethod
    def _check(tasks):
        for task in tasks:
            if not isinstance(task, Task):
                raise ConfigurationError("tasks are put together, not %s" % kind_of(task))

    @staticmethod
    def combine(*tasks, **values):
        """One task that runs the processes of all at once."""
        Tasks._check(tasks)
        if not tasks:
            return Task(**values)
        merged = {
            "processes": Units.processes_merge(tasks),
            "constraints": Units.constraints_merge(tasks),
            "resources": Units.resources_sum(*(task.resources() for task in tasks)),
            "finalization_wait": Units.finalization_wait_max(tasks),
        }
        merged.update(values)
        return tasks[-1](**merged)

    @staticmethod
    def concat(*tasks, **values):
        """One task in which every process of a task waits for every one of the task before."""
        Tasks._check(tasks)
        if not tasks:
            return Task(**values)
        constraints = Units.constraints_merge(tasks)
        for before, after in zip(tasks, tasks[1:]):
            for first in before.processes():
                constraints += [
                    constraint
                    for second in after.processes()
                    if first != second
                    for constraint in Processes.order(first, second)
                ]
        merged = {
            "processes": Units.processes_merge(tasks),
            "constraints": constraints,
            "resources": Units.resources_max(task.resources() for task in tasks),
            "finalization_wait": Units.finalization_wait_sum(tasks),
        }
        merged.update(values)
        return tasks[-1](**merged)

    @staticmethod
    def simple(name, command):
        """A task of one process of the same name."""
        return Task(
            name=name,
            processes=[Process(name=name, cmdline=command)],
            resources=Resources(cpu=Tasks.SIMPLE_CPU, ram=Tasks.SIMPLE_RAM, disk=Tasks.SIMPLE_DISK),
        )

    @staticmethod
    def sequential(task):
        """The task with its processes one behind the other, as they stand."""
        if len(list(task.constraints())) > 0:
            raise CoercionError(
                "a SequentialTask has no constraints of its own: its processes run as they stand"
            )
        processes = list(task.processes())
        return task(constraints=Processes.order(*processes)) if processes else task


class Options:
    """Options of a command line: words, dictionaries of options and values, and keywords."""

    @staticmethod
    def render_option(short_prefix, long_prefix, option, value=None):
        text = (short_prefix if len(option) == 1 else long_prefix) + option
        return "%s %s" % (text, value) if value else text

    @staticmethod
    def render_options(short_prefix, long_prefix, *options, **named):
        texts = []
        for option in options + (named,):
            if isinstance(option, dict):
                texts += [
                    Options.render_option(short_prefix, long_prefix, str(name), value)
                    for name, value in option.items()
                ]
            elif isinstance(option, (str, Scalar)):
                texts.append(Options.render_option(short_prefix, long_prefix, str(option)))
            else:
                raise ConfigurationError("options are words and dictionaries, not %s" % kind_of(option))
        return texts

    @staticmethod
    def java(*options, **named):
        return " ".join(Options.render_options("-", "-", *options, **named))

    @staticmethod
    def python(*options, **named):
        return " ".join(Options.render_options("-", "--", *options, **named))


def SimpleTask(name, command):  # noqa: N802
    return Tasks.simple(name, command)


def SequentialTask(*mappings, **values):  # noqa: N802
    return Tasks.sequential(Task(*mappings, **values))


order = Processes.order
combine_tasks = Tasks.combine
concat_tasks = Tasks.concat
java_options = Options.java
python_options = Options.python
