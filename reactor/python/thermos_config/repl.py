"""Python with all that a .thermos file may use loaded: python3 -i ... repl.py [FILE]"""

import sys

from . import vocabulary
from .evaluation import Evaluation
from .problems import describe


def start(names, arguments):
    """Fills `names`, and runs FILE in it where one is given."""
    vocabulary.install_modules()
    names.update(vocabulary.names())
    evaluation = Evaluation(arguments[0] if arguments else "(repl)")
    names.update(
        export=evaluation.export,
        exported=evaluation.exported,
        include=lambda path: evaluation.include_into(path, names),
    )
    print("thermos: Process, Task, order() and all else that .thermos files use are loaded.")
    if not arguments:
        return
    try:
        evaluation.include_into(arguments[0], names)
    except Exception as error:
        print("thermos: " + describe(error, arguments[0], evaluation.files), file=sys.stderr)
    else:
        print("thermos: %s is loaded; what it exports is in `exported`." % arguments[0])
