"""Python with all that a .thermos file may use loaded: python3 -i ... repl.py [FILE...]"""

import sys

from . import vocabulary
from .evaluation import Evaluation
from .problems import describe


def start(names, arguments):
    """Fills `names`, and runs each FILE in it, one after another."""
    vocabulary.install_modules()
    names.update(vocabulary.names())
    evaluation = Evaluation(arguments[0] if arguments else "(repl)")
    names.update(
        export=evaluation.export,
        exported=evaluation.exported,
        include=lambda path: evaluation.include_into(path, names),
    )
    print("thermos: Process, Task, order() and all else that .thermos files use are loaded.")
    for file in arguments:
        try:
            evaluation.include_into(file, names)
        except Exception as error:
            print("thermos: " + describe(error, file, evaluation.files), file=sys.stderr)
            return
        print("thermos: %s is loaded; what it exports is in `exported`." % file)
