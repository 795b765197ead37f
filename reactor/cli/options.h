// Parsing of command lines: the options of all commands, and the errors for wrong arguments.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/task/task.h"

namespace CLI {
class App;
}

namespace thermos {

using Arguments = std::vector<std::string>;

// The options of every command.
struct CommonOptions {
  std::string root;  // as given; empty: not given
  // The earlier values of --root, for a command that takes several.
  std::vector<std::string> other_roots;
  std::string log_level = "warn";
  bool no_color = false;

  // Returns the root directory as an absolute path: --root, else THERMOS_ROOT, else the user's
  // default (README).
  Paths paths() const;
  // Returns all roots in the order given, each once.
  std::vector<Paths> all_paths() const;
};

// The options of one command. CLI11 parses the options. This class separates the positional
// arguments itself, because CLI11 reads "[ab]" as a list and "++" as a terminator.
class OptionParser {
 public:
  // -h and --help print `help`. With `stop_at_first_word`, everything from the first positional
  // argument on is positional (simplerun's command).
  OptionParser(std::string command, std::string_view help, CommonOptions& common,
               bool stop_at_first_word = false);
  ~OptionParser();
  OptionParser(const OptionParser&) = delete;
  OptionParser& operator=(const OptionParser&) = delete;

  // Lets --root be given more than once. Without this call, a repeated --root is an error.
  void take_roots() { takes_roots_ = true; }
  void flag(const std::string& names, bool& value);
  void text(const std::string& names, std::string& value);
  void text(const std::string& names, std::optional<std::string>& value);
  // Adds an option that may be repeated.
  void texts(const std::string& names, std::vector<std::string>& values);

  // Returns the positional arguments in order, or nothing after it printed the help. Fails with
  // Usage for an unknown option (the message names the nearest one) or a missing value.
  Result<std::optional<Arguments>> parse(const Arguments& arguments);

  // Returns all options, for messages and for the test of the help texts.
  std::vector<std::string> known() const;

 private:
  Error unknown(std::string_view word) const;

  std::string command_;
  std::string_view help_;
  CommonOptions& common_;
  bool stop_at_first_word_;
  bool help_asked_ = false;
  bool takes_roots_ = false;
  std::vector<std::string> roots_;
  std::unique_ptr<CLI::App> app_;  // a pointer, because its header is slow to compile
};

// Parses the values of -P (NAME:PORT) and -E (NAME=VALUE). Fails with Usage for a missing name, a
// port outside 1..65535, or a repeated name. For NAME alone, the port is the one in `recorded`,
// because a resumed task keeps its ports, or else a free one that differs from all others here.
using Ports = std::map<std::string, std::uint16_t>;
Result<Ports> parse_ports(const std::vector<std::string>& given, const Ports& recorded = {});
Result<std::map<std::string, std::string>> parse_environment(const std::vector<std::string>& given);
// Parses a number of seconds, with fractions, not negative. Fails with Usage; `option` is used in
// the message.
Result<Microseconds> parse_seconds(std::string_view option, std::string_view text);
// Calls parse_seconds() if the option was given; else returns nothing.
Result<std::optional<Microseconds>> seconds_if_given(std::string_view option,
                                                     const std::optional<std::string>& text);
// Parses an integer that is not negative. Fails with Usage.
Result<std::uint64_t> parse_count(std::string_view option, std::string_view text);

// Returns `path` as an absolute path from the current directory, without "." and "..".
std::string absolute_path(const std::string& path);

}  // namespace thermos
