#include "core/config/env_file.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/text.h"

namespace thermos::config {
namespace {

constexpr std::string_view kBlanks = " \t\r";

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool goes_on(char c) {
  return begins_name(c) || (c >= '0' && c <= '9');
}

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

// Returns the text without the blanks at its beginning.
std::string_view from_text(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view trimmed(std::string_view text) {
  text = from_text(text);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string* find(Named<std::string>& variables, std::string_view name) {
  for (auto& [known, value] : variables.entries) {
    if (known == name) return &value;
  }
  return nullptr;
}

class EnvFile {
 public:
  EnvFile(std::string_view text, std::string_view where, Named<std::string>& variables)
      : rest_(text), where_(where), variables_(variables) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
  }

  Status read() {
    while (!rest_.empty()) {
      if (auto wrong = read_line()) {
        return Error{ErrorCode::BadConfig,
                     std::string(where_) + ":" + std::to_string(line_) + ": " + *wrong};
      }
    }
    return Done{};
  }

 private:
  using Wrong = std::optional<std::string>;

  // Takes the next line. Keeps the blanks at its end, because they may stand in quotes, but drops
  // the '\r' of a file from Windows.
  std::string_view take_line() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++next_line_;
    return line;
  }

  Wrong read_line() {
    line_ = next_line_;
    std::string_view line = from_text(take_line());
    if (line.empty() || line.front() == '#') return std::nullopt;
    constexpr std::string_view kExport = "export";
    if (line.starts_with(kExport) && line.size() > kExport.size() &&
        is_blank(line[kExport.size()])) {
      const std::string_view exported = from_text(line.substr(kExport.size()));
      if (!exported.empty()) line = exported;
    }
    const std::size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos) {
      return thermos::quoted(name) + " has no value: a line is NAME=VALUE";
    }
    if (name.empty() || !begins_name(name.front()) ||
        !std::all_of(name.begin(), name.end(), goes_on)) {
      return thermos::quoted(name) + " is no name of a variable: letters, digits and '_'";
    }
    std::string value;
    if (auto wrong = read_value(from_text(line.substr(equals + 1)), value)) return wrong;
    if (std::string* known = find(variables_, name)) {
      *known = std::move(value);
    } else {
      variables_.entries.emplace_back(name, std::move(value));
    }
    return std::nullopt;
  }

  Wrong read_value(std::string_view text, std::string& value) {
    if (!text.empty() && (text.front() == '\'' || text.front() == '"')) {
      return read_quoted(text, value);
    }
    // Blanks at the end of the line are dropped; blanks at the end of a variable's value are kept.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < text.size();) {
      const bool blank = is_blank(text[i]);
      if (text[i] == '#' && (i == 0 || is_blank(text[i - 1]))) break;
      if (auto wrong = take_character(text, i, value)) return wrong;
      if (!blank) kept = value.size();
    }
    value.resize(kept);
    return std::nullopt;
  }

  // `first` is the rest of the line, from the quote on; the value may go on over further lines.
  Wrong read_quoted(std::string_view first, std::string& value) {
    const char quote = first.front();
    std::string text(first.substr(1));
    std::size_t i = 0;
    for (;;) {
      while (i < text.size() && text[i] != quote) {
        if (quote == '\'') {
          value += text[i++];
        } else if (text[i] == '\\' && i + 1 < text.size()) {
          unescape(text, i, value);
        } else if (auto wrong = take_character(text, i, value)) {
          return wrong;
        }
      }
      if (i < text.size()) break;
      if (rest_.empty()) return std::string("the ") + quote + " has no end";
      value += '\n';
      text = take_line();
      i = 0;
    }
    const std::string_view behind = trimmed(std::string_view(text).substr(i + 1));
    if (behind.empty() || behind.front() == '#') return std::nullopt;
    return thermos::quoted(behind) + " stands behind the closing quote";
  }

  static void unescape(std::string_view text, std::size_t& i, std::string& value) {
    constexpr std::string_view kEscapes = "nrt\"\\$";
    constexpr std::string_view kMeant = "\n\r\t\"\\$";
    const std::size_t known = kEscapes.find(text[i + 1]);
    if (known == std::string_view::npos) {
      value.append(text.substr(i, 2));
    } else {
      value += kMeant[known];
    }
    i += 2;
  }

  // Appends the character at `i`, or the value of the variable that is named there, and moves `i`
  // behind it.
  Wrong take_character(std::string_view text, std::size_t& i, std::string& value) {
    const bool braced = text.substr(i, 2) == "${";
    const std::size_t begin = i + (braced ? 2 : 1);
    if (text[i] != '$' || begin >= text.size() || (!braced && !begins_name(text[begin]))) {
      value += text[i++];
      return std::nullopt;
    }
    std::size_t end = begin;
    while (end < text.size() && goes_on(text[end])) ++end;
    const std::string_view name = text.substr(begin, end - begin);
    std::optional<std::string_view> instead;
    bool instead_of_empty = false;
    if (braced) {
      const std::size_t close = text.find('}', end);
      const std::string_view more = text.substr(end, close - end);
      if (close == std::string_view::npos || name.empty() || !begins_name(name.front()) ||
          (!more.empty() && !more.starts_with("-") && !more.starts_with(":-"))) {
        return thermos::quoted(text.substr(i, 40)) +
               " is not understood: ${NAME} and ${NAME:-TEXT} are; single quotes keep a '$'";
      }
      instead_of_empty = more.starts_with(":");
      if (!more.empty()) instead = more.substr(instead_of_empty ? 2 : 1);
      end = close + 1;
    }
    const std::string* known = find(variables_, name);
    const bool good = known != nullptr && !(instead_of_empty && known->empty());
    if (!good && !instead) {
      return thermos::quoted(name) + " is not set before this line; single quotes keep a '$'";
    }
    value.append(good ? std::string_view(*known) : *instead);
    i = end;
    return std::nullopt;
  }

  std::string_view rest_;
  std::string_view where_;
  Named<std::string>& variables_;
  std::size_t line_ = 1;
  std::size_t next_line_ = 1;
};

// Reads each file of a task once, because many processes may have the same file.
class EnvFiles {
 public:
  EnvFiles(const ReadFile& read, std::size_t most) : read_(read), most_(most) {}

  void merge(std::vector<std::string>& files, Named<std::string>& env, const std::string& path) {
    if (files.empty() || problems_.size() >= most_) return;
    Named<std::string> variables;
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string here = path + "[" + std::to_string(i) + "]";
      if (!add(files[i], here, variables)) return;
    }
    std::erase_if(variables.entries,
                  [&env](const auto& entry) { return find(env, entry.first) != nullptr; });
    env.entries.insert(env.entries.begin(), variables.entries.begin(), variables.entries.end());
    files.clear();
  }

  Problems& problems() { return problems_; }

 private:
  bool add(const std::string& file, const std::string& path, Named<std::string>& variables) {
    auto known = texts_.find(file);
    if (known == texts_.end()) {
      if (!read_) return fail(path, "is read where a task is submitted, not here: give its 'env'");
      auto text = read_(file);
      if (!text) return fail(path, text.error().message);
      known = texts_.emplace(file, std::move(*text)).first;
    }
    if (auto good = read_env_file(known->second, file, variables); !good) {
      return fail(path, good.error().message);
    }
    return true;
  }

  bool fail(const std::string& path, const std::string& what) {
    problems_.push_back({path, what, {}, std::nullopt});
    return false;
  }

  const ReadFile& read_;
  std::size_t most_;
  std::map<std::string, std::string> texts_;
  Problems problems_;
};

}  // namespace

Status read_env_file(std::string_view text, std::string_view where, Named<std::string>& variables) {
  return EnvFile(text, where, variables).read();
}

Problems read_env_files(TaskConfig& task, const ReadFile& read, std::size_t most) {
  EnvFiles files(read, most);
  files.merge(task.env_file, task.env, "env_file");
  for (std::size_t i = 0; i < task.processes.size(); ++i) {
    ProcessConfig& process = task.processes[i];
    // The path is made only when it is needed: there may be a million processes.
    if (process.env_file.empty()) continue;
    files.merge(process.env_file, process.env, "processes[" + std::to_string(i) + "].env_file");
  }
  return std::move(files.problems());
}

}  // namespace thermos::config
