// The command completion. The three shell scripts only ask this program, which decides what may
// come next from the same help texts that people read.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "reactor/cli/output.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/completion.h"
#include "reactor/control/control_client.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/task_list.h"
#include "reactor/views/task_view.h"

namespace thermos {
namespace {

constexpr std::string_view kCompletionHelp = R"END(Usage: thermos completion bash|zsh|fish
       thermos completion --next [WORD...]

Prints a script with which the shell completes commands, options, ids of tasks
and names of processes:

  bash    eval "$(thermos completion bash)"        in ~/.bashrc
  zsh     source <(thermos completion zsh)         in ~/.zshrc, behind compinit
  fish    thermos completion fish | source         in ~/.config/fish/config.fish

The Debian package and `cmake --install` put them where the shells find them.

  --next            print what the last WORD may become, one a line, or
                    ":files" if it may be a file; the scripts ask so
  --root D, --log-level L, --no-color: see `thermos --help`
)END";

constexpr std::string_view kBash = R"END(# bash completion of thermos
_thermos() {
  local word=${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ":files" ]; then
      compopt -o filenames
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
    else
      COMPREPLY+=("$(printf '%q' "$line")")
    fi
  done < <("${COMP_WORDS[0]}" completion --next "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _thermos thermos
)END";

constexpr std::string_view kZsh = R"END(#compdef thermos
_thermos() {
  local line
  local -a found
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then _files; else found+=("$line"); fi
  done < <("${words[1]}" completion --next "${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( $#found )) && compadd -a found
}
if [ "$funcstack[1]" = "_thermos" ]; then _thermos "$@"; else compdef _thermos thermos; fi
)END";

constexpr std::string_view kFish = R"END(# fish completion of thermos
function __thermos_next
  set -l words (commandline -opc) (commandline -ct)
  for line in (command $words[1] completion --next $words[2..-1] 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      echo -- $line
    end
  end
end
complete -c thermos -f -a '(__thermos_next)'
)END";

// Returns what `command` prints for --help. It is captured, because commands print it themselves.
std::string help_of(const Command& command) {
  const Descriptor file(::memfd_create("help", MFD_CLOEXEC));
  const Descriptor before(::dup(STDOUT_FILENO));
  if (!file || !before || ::dup2(file.get(), STDOUT_FILENO) < 0) return {};
  static_cast<void>(command.carry_out({"--help"}, CommonOptions()));
  ::dup2(before.get(), STDOUT_FILENO);
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  std::string text(static_cast<std::size_t>(std::max<off_t>(size, 0)), '\0');
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

// Where to look for the tasks of a command line: in the files of a root, at a daemon, or both.
struct Place {
  Paths paths;
  std::string socket;  // empty: no daemon is asked
  bool files = true;
};

Place place_of(const Completion& line, CommonOptions common) {
  if (!line.root.empty()) common.root = line.root;
  const auto given = line.socket.empty() ? std::nullopt : std::optional(line.socket);
  Place place{common.paths(), asked_socket(given, common)};
  place.files = place.socket.empty();
  const auto is_one_of = [&](const auto& names) {
    return std::find(names.begin(), names.end(), line.command) != names.end();
  };
  constexpr std::array<std::string_view, 2> kOfDaemon = {"wait", "events"};
  constexpr std::array<std::string_view, 3> kOrders = {"start", "stop", "restart"};
  if (is_one_of(kOrders)) place.socket = socket_of_leader(given, common);
  if (is_one_of(kOfDaemon) && place.socket.empty()) place.socket = default_socket();
  return place;
}

std::vector<TaskEntry> tasks_at(const Place& place) {
  std::vector<TaskEntry> all;
  const auto add = [&](const Result<std::vector<TaskEntry>>& some) {
    if (some) all.insert(all.end(), some->begin(), some->end());
  };
  if (!place.socket.empty()) add(daemon_tasks(place.socket, {}));
  if (place.files) add(list_tasks(place.paths));
  return all;
}

std::vector<std::string> ids_of(const std::vector<TaskEntry>& tasks) {
  std::set<std::string> ids;
  for (const TaskEntry& task : tasks) ids.insert(task.id);
  return {ids.begin(), ids.end()};
}

std::vector<std::string> processes_at(const Place& place, const std::string& word) {
  std::vector<std::string> names;
  if (!place.socket.empty()) {
    const auto status = daemon_status(place.socket, {word}, {});
    if (status && status->size() == 1) {
      const Json processes = status->front().value("processes", Json::object());
      for (const auto& [name, runs] : processes.items()) names.push_back(name);
    }
  }
  if (!place.files || !names.empty()) return names;
  const auto tasks = list_tasks(place.paths);
  if (!tasks) return {};
  const auto task = select_one(*tasks, word);
  if (!task) return {};
  const TaskView view = view_task(place.paths, *task);
  if (!view.history) return {};
  return process_names(place.paths, view);
}

std::vector<std::string> next_words(const Arguments& typed, const CommonOptions& common) {
  const Completion completion = complete(typed);
  switch (completion.kind) {
    case Completion::Kind::Nothing:
      return {};
    case Completion::Kind::Files:
      return {":files"};
    case Completion::Kind::Words:
      return completion.words;
    case Completion::Kind::Command: {
      std::vector<std::string> names = {"help"};
      for (const Command& command : commands()) names.emplace_back(command.name);
      return names;
    }
    case Completion::Kind::Options: {
      const auto all = commands();
      const auto command = std::find_if(
          all.begin(), all.end(), [&](const Command& c) { return c.name == completion.command; });
      return command == all.end() ? std::vector<std::string>{} : options_in(help_of(*command));
    }
    case Completion::Kind::ActiveTasks:
      return ids_of(active_of(tasks_at(place_of(completion, common))));
    case Completion::Kind::Tasks:
      return ids_of(tasks_at(place_of(completion, common)));
    case Completion::Kind::Processes:
      return processes_at(place_of(completion, common), completion.task);
  }
  return {};
}

}  // namespace

CommandOutcome completion_command(const Arguments& arguments, CommonOptions common) {
  bool next = false;
  OptionParser parser("completion", kCompletionHelp, common, true);
  parser.flag("--next", next);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& words = **parsed;
  Output out(STDOUT_FILENO);
  if (next) {
    const std::string begun = words.empty() ? "" : words.back();
    for (const std::string& word : next_words(words, common)) {
      if (word == ":files" || word.starts_with(begun)) out.print(word + "\n");
    }
    return finish_output(out);
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kScripts = {
      {{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}}};
  for (const auto& [shell, script] : kScripts) {
    if (words.size() != 1 || words.front() != shell) continue;
    out.print(script);
    return finish_output(out);
  }
  return Error{ErrorCode::Usage, "completion: for which shell? bash, zsh or fish"};
}

}  // namespace thermos
