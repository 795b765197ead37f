#include "reactor/configuration/shell_syntax.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/text.h"
#include "reactor/os/argument_pointers.h"
#include "reactor/os/descriptor.h"

namespace thermos {
namespace {

constexpr const char* kShell = "/bin/bash";
// The text around each command line: brackets that the command line can hardly close and open again
// by itself. After it come a line that is valid unless a quotation was left open, and a line that
// is a comment unless a $(( was left open.
constexpr std::string_view kBefore = "( {\n:\n";
constexpr std::string_view kBehind = "\n}\n)\n: \";;;;\" ';;;;`;;;;'\n# ))))))\n";

struct CommandLine {
  std::string path;
  const std::string* text;
};

struct Parsed {
  bool good = false;    // bash found no error
  bool silent = false;  // bash printed no warning either
  std::string said;     // the first line that bash printed
};

Descriptor file_for_bash(std::string_view text) {
  Descriptor file(::memfd_create("bash -n", MFD_CLOEXEC));
  while (file && !text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return {};
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file && ::lseek(file.get(), 0, SEEK_SET) != 0) file.reset();
  return file;
}

// Has bash parse `script`. Returns nothing if bash can't be started.
std::optional<Parsed> parse(std::string_view script, bool extended_globs) {
  // Above the child's numbers, because dup2() of a descriptor onto its own number leaves it
  // close-on-exec.
  const Descriptor written = file_for_bash(script);
  const Descriptor said_file = file_for_bash("");
  if (!written || !said_file) return std::nullopt;
  const Descriptor in(::fcntl(written.get(), F_DUPFD_CLOEXEC, 10));
  const Descriptor said(::fcntl(said_file.get(), F_DUPFD_CLOEXEC, 10));
  if (!in || !said) return std::nullopt;
  posix_spawn_file_actions_t files;
  if (::posix_spawn_file_actions_init(&files) != 0) return std::nullopt;
  ::posix_spawn_file_actions_adddup2(&files, in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, said.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, said.get(), STDERR_FILENO);
  std::vector<std::string> words = {"bash", "-n"};
  if (extended_globs) words.insert(words.end(), {"-O", "extglob"});
  // Without this program's environment: BASH_ENV, BASHOPTS and SHELLOPTS would change how bash
  // parses.
  std::vector<std::string> variables = {"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"};
  const std::vector<char*> arguments = argument_pointers(words);
  const std::vector<char*> environment = argument_pointers(variables);
  pid_t pid = 0;
  const int failed =
      ::posix_spawn(&pid, kShell, &files, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&files);
  if (failed != 0) return std::nullopt;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return std::nullopt;
  }
  std::array<char, 1024> room;
  const ssize_t size = ::pread(said.get(), room.data(), room.size(), 0);
  const std::string_view text(room.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  // 127 comes from the child of posix_spawn() that could not run bash, 126 from a bash that can't
  // be read.
  if (!WIFEXITED(status) || WEXITSTATUS(status) >= 126) return std::nullopt;
  return Parsed{WEXITSTATUS(status) == 0, size == 0, std::string(text.substr(0, text.find('\n')))};
}

class Search {
 public:
  explicit Search(std::size_t most) : most_(most) {}

  void look_at(std::span<const CommandLine> lines) {
    if (lines.empty() || faults_.size() >= most_ || !works_) return;
    if (lines.size() == 1) return look_at_one(lines.front());
    std::string script;
    for (const CommandLine& line : lines) {
      script.append(kBefore).append(*line.text).append(kBehind);
    }
    const auto parsed = parse(script, false);
    works_ = parsed.has_value();
    // A warning may mean that a here-document has swallowed the rest.
    if (!parsed || (parsed->good && parsed->silent)) return;
    look_at(lines.first(lines.size() / 2));
    look_at(lines.subspan(lines.size() / 2));
  }

  std::vector<SyntaxFault> take() { return std::move(faults_); }

 private:
  void look_at_one(const CommandLine& line) {
    auto parsed = parse(*line.text, false);
    works_ = parsed.has_value();
    if (!parsed || parsed->good) return;
    // The script is only parsed, so a `shopt -s extglob` in it, or in a profile, has no effect.
    const auto extended = parse(*line.text, true);
    if (!extended || extended->good) return;
    faults_.push_back({line.path, printable(parsed->said)});
  }

  std::size_t most_;
  bool works_ = true;
  std::vector<SyntaxFault> faults_;
};

}  // namespace

std::vector<SyntaxFault> find_syntax_faults(const TaskConfig& task, std::size_t most) {
  std::vector<CommandLine> lines;
  const auto add = [&](std::size_t process, std::string_view key, const std::string& text) {
    if (text.empty()) return;
    lines.push_back({"processes[" + std::to_string(process) + "]." + std::string(key), &text});
  };
  for (const auto& [name, secret] : task.secret.entries) {
    if (!secret.cmd.empty()) lines.push_back({"secret." + name + ".cmd", &secret.cmd});
  }
  for (std::size_t i = 0; i < task.processes.size(); ++i) {
    const ProcessConfig& process = task.processes[i];
    add(i, "cmdline", process.cmdline);
    if (process.ready) add(i, "ready.cmd", process.ready->cmd);
    if (process.healthy) add(i, "healthy.cmd", process.healthy->cmd);
    for (const auto& [name, secret] : process.secret.entries) {
      add(i, "secret." + name + ".cmd", secret.cmd);
    }
  }
  Search search(most);
  search.look_at(lines);
  return search.take();
}

}  // namespace thermos
