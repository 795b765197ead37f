"""Evaluates the file on standard input for thermos: evaluate.py NAME TASK [WORD...]

NAME is what errors call it, and where its includes are looked for. TASK is the one that is wanted
(empty: whichever there is): notes are of it alone. A WORD is a name to bind, as NAME=VALUE, or a
name that thermos binds later. The tasks go to descriptor 3
as JSON; notes go to standard error, and what the file prints, too. Exit status 65: descriptor 3
has the error, in one line.
"""

import sys

_BAD_CONFIGURATION = 65
_OLDEST = (3, 9)


def evaluate(name, wanted, words, text, result):
    from .evaluation import Evaluation
    from .output import Output
    from .problems import describe
    from . import vocabulary

    vocabulary.install_modules()
    evaluation = Evaluation(name)
    try:
        evaluation.run(text)
        environment = [word.split("=", 1) for word in words if "=" in word]
        output = Output(evaluation, environment, [word for word in words if "=" not in word])
        tasks = output.text()
    except KeyboardInterrupt:
        raise
    except RecursionError as error:
        result.write("%s: nested too deeply, or calls itself without end" % _place(error, evaluation))
        return _BAD_CONFIGURATION
    except BaseException as error:  # SystemExit is one: a file must not end thermos
        result.write(describe(error, name, evaluation.files))
        return _BAD_CONFIGURATION
    for note in dict.fromkeys(output.notes(wanted)):
        sys.stderr.write("thermos: note: %s: %s\n" % (name, note))
    result.write(tasks)
    return 0


def _place(error, evaluation):
    from .problems import describe

    return describe(error, evaluation.name, evaluation.files).rsplit(": RecursionError", 1)[0]


def main(arguments):
    name, wanted, words = arguments[0], arguments[1], arguments[2:]
    with open(3, "w", encoding="utf-8", errors="surrogateescape") as result:
        if sys.version_info < _OLDEST:
            result.write("%s: reading it needs Python 3.9 or newer, and python3 is %s" % (
                name, sys.version.split()[0]))
            return _BAD_CONFIGURATION
        try:
            text = sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError:
            result.write("%s: not UTF-8" % name)
            return _BAD_CONFIGURATION
        # Whoever reads standard input in the file finds its end.
        sys.stdin = open("/dev/null", encoding="utf-8")
        return evaluate(name, wanted, words, text, result)
