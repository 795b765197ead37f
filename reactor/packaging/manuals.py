"""Makes the manual pages from what the programs say of themselves: --help, and `thermos schema`.

    manuals.py DIRECTORY_OF_PROGRAMS VERSION OUT

A page for each command (thermos-run.1), thermos.1, thermos-reactor.8 and thermos-config.5, in OUT/man1,
man8 and man5.
"""

import json
import os
import re
import subprocess
import sys

ITEM = re.compile(r"^  (?=[-`A-Z])(\S.*?)(?:  +(\S.*))?$")
# thermos-reactor's state and documents, which its --help does not name.
DAEMON_TEXT = """.SH SIGNALS
SIGTERM ends the daemon and nothing else: what the tasks run goes on, and the next daemon takes it over.
SIGHUP reads the settings of \\-\\-config again.
.SH FILES
.TP
/var/lib/thermos
The default root directory of root: tasks, checkpoints, sandboxes.
.TP
/run/thermos/reactor.sock
The control socket of the service. Members of the group thermos may use it.
.TP
/usr/share/doc/thermos\\-reactor/reactor/systemd/SERVICE.md
The service, its settings and its limits.
"""
COORDINATOR_TEXT = """.SH NAME
thermos\\-coordinator \\- runs one process of a task and records how it went
.SH DESCRIPTION
\\fBthermos\\fR and \\fBthermos\\-reactor\\fR start it once, and it forks for each process that they launch. It
writes the process's checkpoint and outlives whoever started it. It is not meant to be started by hand.
"""


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}).stdout


def roff(text):
    """`text` as roff prints it unchanged, but for what a page names otherwise."""
    text = text.replace("see `thermos --help`", "see `thermos`(1)").replace("see\n`thermos --help`", "see\n`thermos`(1)")
    text = re.sub(r"`thermos ([a-z]+) --help`", r"`thermos-\1`(1)", text)
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text)
    return re.sub(r"^\.", r"\\&.", text, flags=re.MULTILINE)


def heading(title, section, version):
    return f'.TH "{roff(title.upper())}" "{section}" "" "thermos\\-reactor {version}"\n'


def body(help_text):
    """The paragraphs and options of a help text as roff, without its usage lines."""
    out = []
    section = "DESCRIPTION"
    paragraph = []
    item = None

    def flush():
        nonlocal paragraph, item
        if item is not None:
            out.append(".TP\n" + item[0] + "\n" + roff(" ".join(item[1]).strip()) + "\n")
        elif paragraph:
            start = "" if out and out[-1].startswith(".SH") else ".PP\n"
            out.append(start + roff("\n".join(paragraph)) + "\n")
        paragraph, item = [], None

    def enter(name):
        nonlocal section
        flush()
        if section != name:
            out.append(f".SH {name}\n")
            section = name

    out.append(".SH DESCRIPTION\n")
    # "--a, --b,\n  --c: see `thermos run --help`" is one item.
    help_text = re.sub(r"(, --no-color: see|,|see)\n  (?=[-`])", r"\1 ", help_text)
    for line in help_text.splitlines():
        found = ITEM.match(line)
        if not line.strip():
            flush()
        elif found and found.group(1).startswith("-") or found and item is not None:
            enter("OPTIONS")
            name, text = found.groups()
            item = ("\\fB" + roff(name) + "\\fR", [text or ""])
        elif item is not None and line.startswith("   "):
            item[1].append(line.strip())
        elif line.startswith("Exit status:"):
            enter("EXIT STATUS")
            paragraph = [line.removeprefix("Exit status:").strip()]
        elif line.rstrip() != "Options:":
            if item is not None:
                flush()
            paragraph.append(line.strip())
    flush()
    return "".join(out)


def usage_and_rest(help_text):
    """The ways to call it, and the other lines as one text."""
    usage, rest = [], []
    goes_on = False
    for line in help_text.splitlines():
        goes_on = line.startswith("Usage:") or goes_on and line.startswith("       ")
        if goes_on:
            usage.append(line.removeprefix("Usage:").strip())
        else:
            rest.append(line)
    return usage, "\n".join(rest)


def page(name, summary, help_text, section, version, more=""):
    usage, rest = usage_and_rest(help_text)
    return (heading(name, section, version) + ".SH NAME\n" + roff(name) + " \\- " + roff(summary) +
            "\n.SH SYNOPSIS\n" + "\n.br\n".join("\\fB" + roff(line) + "\\fR" for line in usage) + "\n" +
            body(rest) + more)


def see_also(*pages):
    return ".SH SEE ALSO\n" + ",\n".join(f"\\fB{roff(name)}\\fR({section})" for name, section in pages) + "\n"


def commands_of(overview):
    return re.findall(r"^  ([a-z]+) +(\S.*)$", overview.split("Every command takes:")[0], re.MULTILINE)


def type_of(schema):
    if "enum" in schema:
        return " or ".join(json.dumps(word) for word in schema["enum"])
    if "$ref" in schema:
        return "see \\fB" + roff(schema["$ref"].rsplit("/", 1)[1]) + "\\fR below"
    if "anyOf" in schema:
        kinds = [type_of(kind) for kind in schema["anyOf"] if kind.get("pattern") != "\\{\\{"]
        return " or ".join(dict.fromkeys(kinds))
    kind = schema.get("type", "any")
    if kind == "array":
        return "a list: " + type_of(schema.get("items", {}))
    if kind == "object":
        values = schema.get("additionalProperties")
        return "a map" + (": " + type_of(values) if isinstance(values, dict) else "")
    return kind


def config_page(schema, version):
    out = [heading("thermos-config", 5, version), ".SH NAME\nthermos\\-config \\- the configuration of a task\n",
           ".SH DESCRIPTION\nA configuration is a file in JSON, YAML or Python (.thermos, .aurora). ",
           roff(schema["description"]), "\n\\fBthermos schema\\fR prints all of this as a JSON Schema, which "
           "editors understand.\n"]
    for name, definition in schema["$defs"].items():
        if "properties" not in definition:
            continue
        out.append(f".SH {roff(name.upper())}\n{roff(definition.get('description', ''))}\n")
        required = definition.get("required", [])
        for key, field in definition["properties"].items():
            facts = [type_of(field)]
            if key in required:
                facts.append("required")
            if "default" in field:
                facts.append("default " + roff(json.dumps(field["default"])))
            out.append(f".TP\n\\fB{roff(key)}\\fR ({', '.join(facts)})\n{roff(field.get('description', ''))}\n")
    return "".join(out) + see_also(("thermos", 1), ("thermos-inspect", 1))


def write(out, name, section, text):
    directory = os.path.join(out, f"man{section}")
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, f"{name}.{section}"), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    programs, version, out = sys.argv[1:]
    thermos = os.path.join(programs, "thermos")
    overview = run(thermos, "--help")
    commands = commands_of(overview)
    for command, summary in commands:
        text = run(thermos, "help", command)
        write(out, f"thermos-{command}", 1,
              page(f"thermos-{command}", summary, text, 1, version,
                   see_also(("thermos", 1), ("thermos-config", 5), ("thermos-reactor", 8))))
    listed = ".SH COMMANDS\n" + "".join(
        f".TP\n\\fB{command}\\fR\n{roff(summary)}; see \\fBthermos\\-{command}\\fR(1)\n"
        for command, summary in commands)
    rest = "Usage: thermos [OPTIONS] COMMAND ...\n\n" + overview[overview.index("Every command takes:"):]
    write(out, "thermos", 1,
          page("thermos", "runs graphs of processes, and shows and ends them", rest, 1, version,
               listed + see_also(("thermos-config", 5), ("thermos-reactor", 8))))
    write(out, "thermos-reactor", 8,
          page("thermos-reactor", "daemon that runs tasks and survives its own death",
               run(os.path.join(programs, "thermos-reactor"), "--help"), 8, version,
               DAEMON_TEXT + see_also(("thermos", 1), ("thermos-submit", 1))))
    write(out, "thermos-coordinator", 8,
          heading("thermos-coordinator", 8, version) + COORDINATOR_TEXT + see_also(("thermos-reactor", 8)))
    write(out, "thermos-config", 5, config_page(json.loads(run(thermos, "schema")), version))


if __name__ == "__main__":
    main()
