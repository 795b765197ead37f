// `thermos init`: a file to begin with.
#include <unistd.h>

#include <filesystem>

#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/new_file.h"

namespace thermos {
namespace {

constexpr std::string_view kInitHelp = R"(Usage: thermos init [FILE]

Writes a configuration to begin with: a small task that runs as it is, with what
is used most explained beside it. FILE is task.yaml if it is not named; one that
ends in .json is JSON, which has no comments, and one in .thermos Python. Does
not overwrite a file. "-" is standard output.

  --root D, --log-level L, --no-color: see `thermos --help`
)";

constexpr std::string_view kYaml =
    R"(# A task for thermos: processes, and which of them waits for which.
#
#   thermos inspect --check FILE     finds what is wrong with it
#   thermos run FILE                 runs it; --output shows what it prints
#   thermos graph FILE               shows who waits for whom
#
# `thermos schema > thermos.schema.json` lets an editor complete and check the keys, with this line
# at the top of the file:
# yaml-language-server: $schema=thermos.schema.json

name: hello
max_failures: 1          # the task fails when so many processes have failed; 0: no limit
max_concurrency: 0       # how many run at the same time; 0: no limit
finalization_wait: 30    # seconds for ending what runs, and for the finalizers

processes:
  fetch:
    # bash runs it, in the sandbox: the current directory, or that of --sandbox.
    cmdline: |
      printf 'one\ntwo\nthree\n' > hello-words.txt
    max_failures: 3      # it is tried up to three times,
    min_duration: 2      # two seconds apart at least

  count:
    cmdline: echo "there are $(wc -l < hello-words.txt) words, $GREETING"
    needs: [fetch]       # starts when fetch has succeeded
    env: {GREETING: good morning}
    timeout: 60          # a run that takes longer is ended, and has failed

  # A service: started again when it ends, and ended with the others. Who needs it waits for `ready`.
  # web:
  #   cmdline: exec python3 -m http.server --bind 127.0.0.1 8080
  #   daemon: true
  #   ephemeral: true
  #   ready: {tcp: "127.0.0.1:8080"}
  # ask:
  #   cmdline: curl -fsS http://127.0.0.1:8080/
  #   needs: {web: ready}

  clean-up:
    cmdline: rm -f hello-words.txt
    final: true          # runs at the end, whether the others succeeded or not
)";

constexpr std::string_view kJson = R"({
  "name": "hello",
  "max_failures": 1,
  "max_concurrency": 0,
  "finalization_wait": 30,
  "processes": [
    {
      "name": "fetch",
      "cmdline": "printf 'one\\ntwo\\nthree\\n' > hello-words.txt",
      "max_failures": 3,
      "min_duration": 2
    },
    {
      "name": "count",
      "cmdline": "echo \"there are $(wc -l < hello-words.txt) words\"",
      "needs": ["fetch"],
      "timeout": 60
    },
    {
      "name": "clean-up",
      "cmdline": "rm -f hello-words.txt",
      "final": true
    }
  ]
}
)";

constexpr std::string_view kPython =
    R"(# A task for thermos, in Python. python3 evaluates this file with the rights of who gives a command.
#
#   thermos inspect --check FILE     finds what is wrong with it
#   thermos run FILE                 runs it; --output shows what it prints
#   thermos config repl              a prompt with the names that are defined here

fetch = Process(
  name = 'fetch',
  # bash runs it, in the sandbox: the current directory, or that of --sandbox.
  cmdline = r"printf 'one\ntwo\nthree\n' > hello-words.txt",
  max_failures = 3,   # it is tried up to three times,
  min_duration = 2,   # two seconds apart at least
)

count = Process(
  name = 'count',
  cmdline = 'echo "there are $(wc -l < hello-words.txt) words"',
  timeout = 60,       # a run that takes longer is ended, and has failed
)

clean_up = Process(
  name = 'clean-up',
  cmdline = 'rm -f hello-words.txt',
  final = True,       # runs at the end, whether the others succeeded or not
)

export(Task(
  name = 'hello',
  processes = [fetch, count, clean_up],
  constraints = order(fetch, count),   # count starts when fetch has succeeded
  max_failures = 1,                    # the task fails when so many processes have failed; 0: no limit
  finalization_wait = 30,              # seconds for ending what runs, and for the finalizers
))
)";

std::string_view starting_text(const std::string& file) {
  const std::string ending = std::filesystem::path(file).extension().string();
  if (ending == ".json") return kJson;
  return ending == ".thermos" || ending == ".aurora" ? kPython : kYaml;
}

}  // namespace

CommandOutcome init_command(const Arguments& arguments, CommonOptions common) {
  OptionParser parser("init", kInitHelp, common);
  const Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& files = **parsed;
  if (files.size() > 1) {
    return Error{ErrorCode::Usage, "init: takes one FILE; unexpected argument '" + files[1] + "'"};
  }
  const std::string file = files.empty() ? "task.yaml" : files.front();
  Output out(STDOUT_FILENO);
  if (file == "-") {
    out.print(starting_text(file));
    return finish_output(out);
  }
  if (Status written = write_new_file("init", file, starting_text(file)); !written)
    return written.error();
  out.print("wrote " + printable(file) + "; run it: thermos run --output " + printable(file) +
            "\n");
  return finish_output(out);
}

}  // namespace thermos
