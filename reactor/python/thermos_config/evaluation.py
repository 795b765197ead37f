"""Runs a file and gathers what it exports."""

import os

from . import vocabulary
from .aurora import Job
from .problems import ConfigurationError
from .schema import Task
from .scopes import kind_of


class Evaluation:
    """One file, and all that it includes. `exported` are its tasks and jobs, in order."""

    def __init__(self, name):
        self.name = name
        self.exported = []
        self.files = set()
        self._directories = []
        self._open = []

    def run(self, text):
        names = vocabulary.names()

        def include(path):
            self.include_into(path, names)

        include.__qualname__ = "include"
        names.update(
            include=include,
            export=self.export,
            __file__=self.name,
            __name__="__main__",
        )
        self._execute(self.name, os.path.dirname(self.name), text, names)
        jobs = names.get("jobs", ())
        if not isinstance(jobs, (list, tuple)):
            raise ConfigurationError("jobs is a list of jobs, not %s" % kind_of(jobs))
        for job in jobs:
            if not isinstance(job, Job):
                raise ConfigurationError("jobs is a list of jobs, and holds %s" % kind_of(job))
            self.exported.append(job)
        if not self.exported:
            raise ConfigurationError("holds no task: end it with export(task), or with jobs = [job]")

    def export(self, task):
        if isinstance(task, dict):
            task = Task(task)
        if not isinstance(task, (Task, Job)):
            raise ConfigurationError("export() takes a task, not %s" % kind_of(task))
        self.exported.append(task)

    def include_into(self, path, names):
        """Runs the file at `path`, which is relative to the file that is running, in `names`."""
        where = os.path.join(self._directories[-1] if self._directories else "", str(path))
        if os.path.realpath(where) in self._open:
            raise ConfigurationError("%s includes itself" % where)
        try:
            with open(where, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise ConfigurationError("include('%s'): %s: %s" % (path, where, reason)) from None
        self._execute(where, os.path.dirname(where), text, names)

    def _execute(self, name, directory, text, names):
        if "\0" in text:
            raise ConfigurationError("%s holds a NUL byte" % name)
        self.files.add(name)
        self._directories.append(directory)
        self._open.append(os.path.realpath(name))
        try:
            exec(compile(text, name, "exec", dont_inherit=True), names)
        finally:
            self._directories.pop()
            self._open.pop()
