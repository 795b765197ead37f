#include "reactor/configuration/configuration.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/utf8.h"
#include "core/record/paths.h"
#include "reactor/cli/options.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/configuration/python.h"
#include "reactor/configuration/shell_syntax.h"
#include "reactor/os/account.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

constexpr std::size_t kMaxFileName = 255;
// Larger than any real task. A configuration is read as a whole, and /dev/zero must not use up
// memory.
constexpr std::size_t kMaxConfiguration = std::size_t{1} << 30;

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path, errno);
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kMaxConfiguration) {
      return Error{ErrorCode::BadConfig,
                   path + ": more than 1 GiB, which is too large for a configuration"};
    }
  }
}

// Returns the directory to which file names in a configuration are relative.
std::string directory_of(const ConfigurationText& text) {
  const std::size_t slash = text.where.rfind('/');
  return absolute_path(slash == std::string::npos ? "." : text.where.substr(0, slash + 1));
}

// Reads a file whose name is relative to the configuration's directory.
Result<std::string> read_beside(const std::string& directory, const std::string& name) {
  const std::string path = name.starts_with('/') ? name : directory + "/" + name;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return system_error(path, errno);
  return read_all(file.get(), path);
}

config::Bindings bindings_of(const ConfigurationText& text, const ConfigurationWords& words) {
  config::Bindings bindings;
  bindings.task_id = words.task_id;
  bindings.user = words.user.empty() ? caller_account().name : words.user;
  bindings.ports = words.ports;
  bindings.environment = words.environment;
  bindings.read_file = [directory = directory_of(text)](const std::string& name) {
    return read_beside(directory, name);
  };
  return bindings;
}

// Makes the paths of secret files absolute, because the program that runs the task may have another
// current directory.
void place_secret_files(TaskConfig& task, const std::string& directory) {
  const auto place = [&directory](Named<Secret>& secrets) {
    for (auto& [name, secret] : secrets.entries) {
      if (secret.file.empty() || secret.file.starts_with('/')) continue;
      secret.file.insert(0, directory + "/");
    }
  };
  place(task.secret);
  for (ProcessConfig& process : task.processes) place(process.secret);
}

}  // namespace

Result<Microseconds> parse_eval_timeout(const std::optional<std::string>& given) {
  const auto limit = seconds_if_given("--eval-timeout", given);
  if (!limit) return limit.error();
  return limit->value_or(kDefaultEvalTimeout);
}

Result<ConfigurationText> read_configuration(const std::string& path,
                                             const ConfigurationWords& words) {
  const bool standard_input = path == "-";
  const std::string where = standard_input ? "(standard input)" : path;
  Descriptor file;
  if (!standard_input) {
    file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return system_error(path, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
      return Error{ErrorCode::NotFound, path + ": a directory, not a configuration file"};
    }
  }
  Result<std::string> text = read_all(standard_input ? STDIN_FILENO : file.get(), where);
  if (!text) return text.error();
  if (words.json || !is_python(*text, path)) return ConfigurationText{std::move(*text), where};
  Result<std::string> tasks = evaluate_python(*text, where, words);
  if (!tasks) return tasks.error();
  return ConfigurationText{std::move(*tasks), where, config::Form::Evaluated};
}

std::string make_task_id(const std::string& name, Microseconds wall) {
  const std::string stamp = "-" + stamp_text(wall);
  std::string id = name;
  if (id.size() + stamp.size() > kMaxFileName) {
    id.resize(utf8_boundary(name, kMaxFileName - stamp.size()));
  }
  return id + stamp;
}

std::vector<Error> find_faults(const ConfigurationText& text, const ConfigurationWords& words,
                               Microseconds wall) {
  config::Bindings bindings = bindings_of(text, words);
  if (bindings.task_id.empty()) bindings.task_id = make_task_id("task", wall);
  return config::find_faults(text.text, text.where, words.task_name, bindings,
                             {text.form, words.pools});
}

Result<BoundTask> bind_configuration(const ConfigurationText& text, const ConfigurationWords& words,
                                     Microseconds wall) {
  config::Bindings bindings = bindings_of(text, words);
  if (bindings.task_id.empty()) {
    const Result<std::string> name =
        config::task_name_of(text.text, text.where, words.task_name, bindings, text.form);
    if (!name) return name.error();
    bindings.task_id = make_task_id(*name, wall);
    // An invalid name is then reported at the place where it is written.
    if (!check_task_id(bindings.task_id)) bindings.task_id = make_task_id("task", wall);
  }
  if (Status id = check_task_id(bindings.task_id); !id) return id.error();

  const config::Reading reading{text.form, words.pools};
  Result<TaskConfig> task = config::load(text.text, text.where, words.task_name, bindings, reading);
  if (!task) return task.error();
  if (words.user.empty() && !task->user.empty() && task->user != bindings.user) {
    // The task names its user, which {{thermos.user}} then stands for.
    bindings.user = task->user;
    task = config::load(text.text, text.where, words.task_name, bindings, reading);
    if (!task) return task.error();
  }
  place_secret_files(*task, directory_of(text));
  return BoundTask{std::move(*task), std::move(bindings.task_id), std::move(bindings.user)};
}

std::vector<Error> find_shell_faults(const BoundTask& bound, const ConfigurationText& text,
                                     const ConfigurationWords& words, std::size_t most) {
  std::vector<Error> errors;
  for (const SyntaxFault& fault : find_syntax_faults(bound.task, most)) {
    config::Bindings bindings = bindings_of(text, words);
    bindings.task_id = bound.task_id;
    bindings.user = bound.user;
    errors.push_back(
        {ErrorCode::BadConfig, config::place_of_field(text.text, text.where, words.task_name,
                                                      bindings, fault.path, text.form) +
                                   fault.what});
  }
  return errors;
}

Status check_shell_syntax(const BoundTask& bound, const ConfigurationText& text,
                          const ConfigurationWords& words) {
  std::vector<Error> faults = find_shell_faults(bound, text, words, 1);
  if (faults.empty()) return Done{};
  return std::move(faults.front());
}

}  // namespace thermos
