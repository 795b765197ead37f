// The words of a command line: what every command takes, and how mistakes are answered.
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

// What every command takes.
struct CommonOptions {
  std::string root;  // as given; empty: not given
  std::string log_level = "warn";
  bool no_color = false;

  // The root, absolute: --root, else THERMOS_ROOT, else the default of whoever runs this.
  Paths paths() const;
};

// One command's options. CLI11 reads the options; the words that are none of them are told apart
// here, because CLI11 takes a positional "[ab]" for a list and "++" for an end.
class OptionParser {
 public:
  // `help` is printed for -h and --help. `stop_at_first_word`: all behind the first word that is no
  // option is left alone (simplerun's command).
  OptionParser(std::string command, std::string_view help, CommonOptions& common,
               bool stop_at_first_word = false);
  ~OptionParser();
  OptionParser(const OptionParser&) = delete;
  OptionParser& operator=(const OptionParser&) = delete;

  void flag(const std::string& names, bool& value);
  void text(const std::string& names, std::string& value);
  void text(const std::string& names, std::optional<std::string>& value);
  // May be given several times.
  void texts(const std::string& names, std::vector<std::string>& values);

  // The words that are not options, in order; nothing: help was asked for and printed. Usage for an
  // unknown option (naming the nearest) or a missing value.
  Result<std::optional<Arguments>> parse(const Arguments& arguments);

  // Every option there is, for messages and for the test of the help texts.
  std::vector<std::string> known() const;

 private:
  Error unknown(std::string_view word) const;

  std::string command_;
  std::string_view help_;
  CommonOptions& common_;
  bool stop_at_first_word_;
  bool help_asked_ = false;
  std::unique_ptr<CLI::App> app_;  // its header is a heavy one
};

// "NAME:PORT" and "NAME=VALUE", as -P and -E take them. Usage errors: no name, a port outside
// 1..65535, a name given twice. NAME alone is a port that is free now, unlike all others here, or
// the one that `recorded` has for it: a task that goes on keeps its ports.
using Ports = std::map<std::string, std::uint16_t>;
Result<Ports> parse_ports(const std::vector<std::string>& given, const Ports& recorded = {});
Result<std::map<std::string, std::string>> parse_environment(const std::vector<std::string>& given);
// A number of seconds, fractions allowed, not negative. `option` is for the error.
Result<Microseconds> parse_seconds(std::string_view option, std::string_view text);
// The same of an option that may not have been given.
Result<std::optional<Microseconds>> seconds_if_given(std::string_view option,
                                                     const std::optional<std::string>& text);
// A whole number, not negative.
Result<std::uint64_t> parse_count(std::string_view option, std::string_view text);

// `path` made absolute against the current directory, without "." and "..".
std::string absolute_path(const std::string& path);

}  // namespace thermos
