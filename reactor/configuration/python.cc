#include "reactor/configuration/python.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <variant>

#include "core/config/document.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/configuration/python_child.h"
#include "reactor/os/argument_pointers.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"

namespace thermos {
namespace {

constexpr const char* kInterpreter = "python3";
constexpr int kBadConfiguration = 65;  // the child's exit status if it has printed the error
constexpr std::string_view kInstall =
    "needs python3, 3.9 or newer (apt install python3); JSON and YAML need none";

bool ends_with(std::string_view path, std::string_view ending) {
  return path.size() > ending.size() && path.substr(path.size() - ending.size()) == ending;
}

// Returns whether the text has a line that occurs only in Python configurations.
bool looks_like_python(std::string_view text) {
  constexpr std::array<std::string_view, 8> kBeginnings = {
      "export(", "include(", "jobs = ", "jobs=", "import ", "from ", "class ", "def "};
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto begins = [line](std::string_view with) {
      return line.substr(0, with.size()) == with;
    };
    if (std::any_of(kBeginnings.begin(), kBeginnings.end(), begins)) return true;
  }
  return false;
}

// Returns whether the text is a configuration in JSON or YAML. Its keys decide that, because Python
// text may be valid YAML, too: "if x:" starts a mapping.
bool is_configuration(std::string_view text, std::string_view where) {
  const auto document = config::parse_document(text, where);
  if (!document) return false;
  const config::Value* task = &document->root;
  if (const auto* list = std::get_if<config::Array>(&task->data)) {
    if (list->empty()) return true;
    task = &list->front();
  }
  return task->find("processes") != nullptr || task->find("tasks") != nullptr;
}

// Returns the directory of this project's Python files, which is found from the program's own
// directory.
Result<std::string> python_directory() {
  std::array<char, 4096> path;
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string program(path.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  const std::string directory = program.substr(0, program.rfind('/') + 1) + THERMOS_PYTHON;
  if (::access((directory + "/evaluate.py").c_str(), R_OK) == 0) return directory;
  return Error{ErrorCode::NotFound, "evaluate.py, which evaluates .thermos files, is not in " +
                                        directory + ": install it beside this program"};
}

// Returns an unlinked file with the contents `text`.
Result<Descriptor> memory_file(std::string_view text) {
  Descriptor file(::memfd_create("thermos", MFD_CLOEXEC));
  bool good = static_cast<bool>(file);
  while (good && !text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    good = written > 0;
    if (good) text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!good || ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return system_error("cannot create a file in memory", errno);
  }
  return file;
}

}  // namespace

bool is_python(std::string_view text, std::string_view path) {
  for (const std::string_view ending : {".json", ".yaml", ".yml"}) {
    if (ends_with(path, ending)) return false;
  }
  const bool called = ends_with(path, ".thermos") || ends_with(path, ".aurora");
  return (called || looks_like_python(text)) && !is_configuration(text, path);
}

Result<std::string> evaluate_python(std::string_view text, const std::string& where,
                                    const ConfigurationWords& words) {
  const Result<std::string> directory = python_directory();
  if (!directory) return directory.error();
  const Result<Descriptor> input = memory_file(text);
  if (!input) return input.error();
  const Result<Descriptor> result = memory_file("");
  if (!result) return result.error();
  // -B: python3 writes no .pyc files beside this project's files.
  std::vector<std::string> arguments = {kInterpreter, "-B", *directory + "/evaluate.py", where,
                                        words.task_name};
  for (const auto& [name, value] : words.environment) arguments.push_back(name + "=" + value);
  arguments.insert(arguments.end(), {"thermos.task_id", "thermos.user"});
  for (const auto& [name, port] : words.ports) arguments.push_back("thermos.ports[" + name + "]");
  const Result<EvaluationEnd> end =
      evaluate({std::move(arguments), *input, *result, words.eval_timeout});
  if (!end && end.error().code == ErrorCode::NotFound) {
    return Error{ErrorCode::NotFound, where + ": reading it " + std::string(kInstall)};
  }
  if (!end) return Error{end.error().code, where + ": " + end.error().message};
  if (end->over) {
    return Error{ErrorCode::BadConfig, where + ": evaluating it took longer than " +
                                           in_seconds(words.eval_timeout) +
                                           ", so it was killed; --eval-timeout SECONDS sets "
                                           "another limit"};
  }
  Result<std::string> said = read_file("/proc/self/fd/" + std::to_string(result->get()));
  if (!said) return said.error();
  if (WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0) return std::move(*said);
  if (WIFEXITED(end->status) && WEXITSTATUS(end->status) == kBadConfiguration && !said->empty()) {
    return Error{ErrorCode::BadConfig, std::move(*said)};
  }
  const std::string how = WIFSIGNALED(end->status)
                              ? "was ended by signal " + std::to_string(WTERMSIG(end->status))
                              : "ended with " + std::to_string(WEXITSTATUS(end->status));
  return Error{ErrorCode::BadConfig, where + ": python3 " + how + " while it evaluated it"};
}

Error become_repl(const Arguments& files) {
  const Result<std::string> directory = python_directory();
  if (!directory) return directory.error();
  std::vector<std::string> words = {kInterpreter, "-B", "-i", *directory + "/repl.py"};
  words.insert(words.end(), files.begin(), files.end());
  const std::vector<char*> arguments = argument_pointers(words);
  ::execvp(kInterpreter, arguments.data());
  if (errno == ENOENT) {
    return {ErrorCode::NotFound, "config repl: " + std::string(kInstall)};
  }
  return system_error("python3", errno);
}

}  // namespace thermos
