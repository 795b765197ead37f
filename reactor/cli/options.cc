#include "reactor/cli/options.h"
#include "core/base/seconds.h"

#include <pwd.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "core/config/reference_syntax.h"
#include "reactor/cli/free_port.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/os/errors.h"
#include "reactor/os/log_lines.h"

namespace thermos {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string home_directory() {
  std::string home = environment("HOME");
  if (!home.empty()) return home;
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? std::string("/") : std::string(entry->pw_dir);
}

std::string default_root() {
  if (::geteuid() == 0) return "/var/lib/thermos";
  // The XDG base directory specification: a relative path is invalid and must be ignored.
  const std::string state = environment("XDG_STATE_HOME");
  if (state.starts_with('/')) return state + "/thermos";
  return home_directory() + "/.local/state/thermos";
}

Error usage(std::string message) {
  return Error{ErrorCode::Usage, std::move(message)};
}

std::string first_line(std::string text) {
  text.erase(std::min(text.find('\n'), text.size()));
  return text;
}

}  // namespace

Paths CommonOptions::paths() const {
  std::string chosen = root.empty() ? environment("THERMOS_ROOT") : root;
  if (chosen.empty()) chosen = default_root();
  return Paths(absolute_path(chosen));
}

std::vector<Paths> CommonOptions::all_paths() const {
  std::vector<Paths> all;
  const auto add = [&](Paths one) {
    const bool known = std::any_of(all.begin(), all.end(),
                                   [&](const Paths& other) { return other.root() == one.root(); });
    if (!known) all.push_back(std::move(one));
  };
  for (const std::string& other : other_roots) add(Paths(absolute_path(other)));
  add(paths());
  return all;
}

OptionParser::OptionParser(std::string command, std::string_view help, CommonOptions& common,
                           bool stop_at_first_word)
    : command_(std::move(command)),
      help_(help),
      common_(common),
      stop_at_first_word_(stop_at_first_word),
      app_(std::make_unique<CLI::App>()) {
  app_->set_help_flag();
  app_->allow_extras();
  app_->prefix_command(stop_at_first_word);
  flag("-h,--help", help_asked_);
  texts("--root", roots_);
  text("--log-level", common_.log_level);
  flag("--no-color", common_.no_color);
}

OptionParser::~OptionParser() = default;

void OptionParser::flag(const std::string& names, bool& value) {
  app_->add_flag(names, value);
}

void OptionParser::text(const std::string& names, std::string& value) {
  app_->add_option_function<std::string>(names,
                                         [&value](const std::string& given) { value = given; });
}

void OptionParser::text(const std::string& names, std::optional<std::string>& value) {
  app_->add_option_function<std::string>(names,
                                         [&value](const std::string& given) { value = given; });
}

void OptionParser::texts(const std::string& names, std::vector<std::string>& values) {
  // By default CLI11 gives an option all arguments up to the next option.
  app_->add_option(names, values)->allow_extra_args(false);
}

std::vector<std::string> OptionParser::known() const {
  std::vector<std::string> names;
  for (const CLI::Option* option : app_->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

Error OptionParser::unknown(std::string_view word) const {
  const std::string name(word.substr(0, word.find('=')));
  std::vector<std::string> lasting;
  for (const std::string& option : known()) {
    if (option.starts_with("--")) lasting.push_back(option);
  }
  return usage(command_ + ": unknown option " + name + did_you_mean(name, lasting));
}

Result<std::optional<Arguments>> OptionParser::parse(const Arguments& arguments) {
  if (!stop_at_first_word_) {
    for (const std::string& word : arguments) {
      if (word == "--") break;
      if (word == "++") return unknown(word);
    }
  }
  // CLI11 expects the arguments in reverse order.
  Arguments reversed(arguments.rbegin(), arguments.rend());
  try {
    app_->parse(std::move(reversed));
  } catch (const CLI::ArgumentMismatch& error) {
    // "--root: 1 required TEXT missing"
    const std::string what = error.what();
    return usage(command_ + ": " + what.substr(0, what.find(':')) + " takes a value");
  } catch (const CLI::ParseError& error) {
    return usage(command_ + ": " + first_line(error.what()));
  }
  if (help_asked_) {
    Output out(STDOUT_FILENO);
    out.print(help_);
    if (out.error() != 0) return system_error("standard output", out.error());
    return std::optional<Arguments>();
  }
  const Arguments left = app_->remaining();
  Arguments words;
  for (auto it = left.begin(); it != left.end(); ++it) {
    const bool first = words.empty();
    if (*it == "--" && (first || !stop_at_first_word_)) {
      words.insert(words.end(), it + 1, left.end());
      break;
    }
    if (it->size() > 1 && it->front() == '-' && (first || !stop_at_first_word_)) {
      return unknown(*it);
    }
    words.push_back(*it);
  }
  if (roots_.size() > 1 && !takes_roots_) {
    return usage(command_ + ": --root is given twice: " + roots_[0] + " and " + roots_[1]);
  }
  if (!roots_.empty()) {
    common_.root = std::move(roots_.back());
    roots_.pop_back();
    common_.other_roots = std::move(roots_);
  }
  if (Status known = check_log_level(common_.log_level); !known) {
    return usage("--log-level " + common_.log_level + ": " + known.error().message);
  }
  set_log_level(common_.log_level);
  return std::optional<Arguments>(std::move(words));
}

Result<Ports> parse_ports(const std::vector<std::string>& given, const Ports& recorded) {
  Ports ports;
  std::vector<std::string> unnumbered;
  std::set<std::uint16_t> taken;
  for (const std::string& word : given) {
    const std::size_t colon = word.rfind(':');
    if (word.empty() || colon == 0) {
      return usage("-P " + word + ": a port is given as NAME:PORT, or as NAME for a free one");
    }
    const std::string name = word.substr(0, colon);
    if (name.find_first_of("=:") != std::string::npos) {
      return usage("-P " + word + ": a port is given as NAME:PORT, or as NAME for a free one");
    }
    unsigned port = 0;
    if (const auto known = recorded.find(name); colon == std::string::npos) {
      if (known == recorded.end()) unnumbered.push_back(name);
      if (known != recorded.end()) port = known->second;
    } else {
      const char* end = word.data() + word.size();
      const auto [stop, error] = std::from_chars(word.data() + colon + 1, end, port);
      if (error != std::errc() || stop != end || port < 1 || port > 65535) {
        return usage("-P " + word + ": a port is a number from 1 to 65535");
      }
    }
    if (!ports.emplace(name, static_cast<std::uint16_t>(port)).second) {
      return usage(fmt::format("-P {}: port '{}' is given twice", word, name));
    }
    if (port != 0) taken.insert(static_cast<std::uint16_t>(port));
  }
  FreePorts free(std::move(taken));
  for (const std::string& name : unnumbered) {
    const Result<std::uint16_t> port = free.take();
    if (!port) return Error{ErrorCode::System, "-P " + name + ": " + port.error().message};
    ports[name] = *port;
  }
  return ports;
}

Result<std::map<std::string, std::string>> parse_environment(
    const std::vector<std::string>& given) {
  std::map<std::string, std::string> bound;
  for (const std::string& word : given) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return usage("-E " + word + ": a binding is given as NAME=VALUE");
    }
    const std::string name = word.substr(0, equals);
    const std::string reference = "{{" + name + "}}";
    const auto found = find_reference(reference, 0);
    if (!found || found->nested || found->escapes != 0 || found->name != name) {
      return usage("-E " + word + ": no reference can have the name '" + name +
                   "': letters, digits and _ . - [ ] (and / between the brackets), with a letter "
                   "or _ in front");
    }
    if (name.find("..") != std::string::npos || name.back() == '.') {
      return usage("-E " + word + ": the name has a dot with nothing behind it");
    }
    if (name.starts_with("thermos.")) {
      return usage("-E " + word + ": names that begin with thermos. are bound by thermos itself" +
                   (name.starts_with("thermos.ports[") ? ": give -P NAME:PORT" : ""));
    }
    if (!bound.emplace(name, word.substr(equals + 1)).second) {
      return usage(fmt::format("-E {}: '{}' is given twice", word, name));
    }
  }
  return bound;
}

Result<Microseconds> parse_seconds(std::string_view option, std::string_view text) {
  constexpr double kLongest = 1e9;  // thirty years; far below an overflow of microseconds
  double seconds = 0;
  const char* end = text.data() + text.size();
  if (const auto duration = duration_from(text)) return *duration;
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stop != end || !(seconds >= 0) || seconds > kLongest) {
    return usage(std::string(option) + " " + std::string(text) +
                 ": this is a number of seconds, 0 or more, or a time as 20m");
  }
  return static_cast<Microseconds>(std::llround(seconds * static_cast<double>(kSecond)));
}

Result<std::optional<Microseconds>> seconds_if_given(std::string_view option,
                                                     const std::optional<std::string>& text) {
  if (!text) return std::optional<Microseconds>();
  const auto given = parse_seconds(option, *text);
  if (!given) return given.error();
  return std::optional(*given);
}

Result<std::uint64_t> parse_count(std::string_view option, std::string_view text) {
  std::uint64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || stop != end) {
    return usage(std::string(option) + " " + std::string(text) +
                 ": this is a whole number, 0 or more");
  }
  return count;
}

std::string absolute_path(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path full = std::filesystem::absolute(path, failure);
  std::string normal = (failure ? std::filesystem::path(path) : full).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

}  // namespace thermos
