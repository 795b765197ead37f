#include "reactor/show/task_text.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "core/config/scalar_text.h"
#include "core/config/to_json.h"
#include "core/task/probe_question.h"
#include "core/task/task_fields.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/export/quoting.h"

namespace thermos {
namespace {

using Words = std::vector<std::string>;

void add_needs(Words& words, const ProcessConfig& process) {
  for (const auto& [name, condition] : process.needs.entries) {
    const std::string_view until =
        fields::Words<Condition>::kAll[static_cast<std::size_t>(condition)];
    words.push_back(fmt::format("needs {} ({})", printable(name), until));
  }
}

void add_amounts(Words& words, std::string_view what, const Named<std::uint32_t>& amounts) {
  for (const auto& [name, amount] : amounts.entries) {
    words.push_back(fmt::format("{} {} {}", what, printable(name), amount));
  }
}

void add_resources(Words& words, const std::optional<Resources>& resources) {
  if (!resources) return;
  words.push_back(
      fmt::format("cpu {}, ram {}, disk {}", resources->cpu, resources->ram, resources->disk));
}

void add_logger(Words& words, const std::optional<Logger>& logger) {
  if (!logger) return;
  const bool files =
      logger->destination == LogDestination::File || logger->destination == LogDestination::Both;
  if (logger->destination == LogDestination::Console) words.emplace_back("output to the console");
  if (logger->destination == LogDestination::Both) words.emplace_back("output to the console too");
  if (logger->destination == LogDestination::None) words.emplace_back("no output kept");
  if (!files || logger->mode != LogMode::Rotate) return;
  const RotatePolicy& rotate = logger->rotate;
  words.push_back(
      fmt::format("logs rotate at {} bytes, {} backups", rotate.log_size, rotate.backups));
}

void add_ready(Words& words, const Boxed<Ready>& ready) {
  if (!ready) return;
  words.push_back(fmt::format("ready by {} within {}", printable(text_of(question_of(*ready))),
                              in_seconds(ready->within)));
}

void add_healthy(Words& words, const Boxed<Healthy>& healthy) {
  if (!healthy) return;
  words.push_back(fmt::format("healthy by {} every {}, {} failures",
                              printable(text_of(question_of(*healthy))),
                              in_seconds(healthy->interval), healthy->failures));
}

std::string limit_text(std::string_view name, std::uint32_t limit) {
  return fmt::format("{} {}", name, limit == 0 ? std::string("none") : std::to_string(limit));
}

void add_backoff(Words& words, const Boxed<Backoff>& backoff) {
  if (!backoff) return;
  words.push_back(fmt::format("backoff from {} to {} by {}", in_seconds(backoff->first),
                              in_seconds(backoff->most), backoff->factor));
  if (backoff->reset) words.push_back("backoff reset " + in_seconds(*backoff->reset));
}

std::string with_commas(const Words& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

void add_surroundings(Words& words, const Named<std::string>& env, const Named<Secret>& secrets,
                      const std::string& cwd) {
  if (!cwd.empty()) words.push_back("cwd " + printable(cwd));
  for (const auto& [name, value] : env.entries) {
    words.push_back("env " + printable(name) + "=" + printable(shell_word(value)));
  }
  for (const auto& [name, secret] : secrets.entries) {
    const bool is_file = secret.cmd.empty();
    words.push_back("secret " + printable(name) + (is_file ? " from " : " by ") +
                    printable(shell_word(is_file ? secret.file : secret.cmd)) +
                    (secret.root ? " as root" : ""));
  }
}

void add_end(Words& words, const ProcessConfig& process) {
  const ProcessConfig usual;
  if (process.success_codes != usual.success_codes) {
    std::string codes = "success_codes";
    for (const std::uint32_t code : process.success_codes) codes += " " + std::to_string(code);
    words.push_back(codes);
  }
  if (process.stop_signal != usual.stop_signal) {
    words.push_back("stop_signal " + name_of(process.stop_signal));
  }
  if (process.stop_wait) words.push_back("stop_wait " + in_seconds(*process.stop_wait));
}

void add_on_yield(Words& words, const Boxed<OnYield>& on_yield) {
  if (!on_yield) return;
  std::string text = "on_yield";
  if (on_yield->signal) text += " " + name_of(*on_yield->signal);
  if (on_yield->wait) text += " within " + in_seconds(*on_yield->wait);
  words.push_back(std::move(text));
}

// The keys with their own words or lines in the text. Keys that a task shares with a process have
// the same.
constexpr std::string_view kWorded[] = {"name",
                                        "cmdline",
                                        "argv",
                                        "processes",
                                        "constraints",
                                        "final",
                                        "daemon",
                                        "ephemeral",
                                        "needs",
                                        "uses",
                                        "pools",
                                        "keep_going",
                                        "user",
                                        "max_concurrency",
                                        "finalization_wait",
                                        "max_failures",
                                        "max_kills",
                                        "backoff",
                                        "min_duration",
                                        "timeout",
                                        "resources",
                                        "logger",
                                        "env",
                                        "secret",
                                        "cwd",
                                        "stdin",
                                        "outputs",
                                        "needs_files",
                                        "makes_files",
                                        "success_codes",
                                        "stop_signal",
                                        "stop_wait",
                                        "on_yield",
                                        "time",
                                        "ready",
                                        "healthy",
                                        "notify",
                                        "watchdog"};

std::string value_text(fields::View value) {
  switch (value.type->kind) {
    case fields::Kind::Object:
      return config::to_json(value, -1);
    case fields::Kind::List:
    case fields::Kind::Map: {
      std::string text;
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i > 0) text += ' ';
        if (value.type->kind == fields::Kind::Map) text += value.name(i) + "=";
        text += value_text(value.item(i));
      }
      return text;
    }
    default:
      return config::scalar_text(value);
  }
}

// Adds the values of all other keys, so that no key of the table is silently left out.
void add_others(Words& words, fields::View object) {
  const fields::ObjectType& type = object.type->object();
  for (const fields::Field& field : type.fields) {
    if (std::ranges::find(kWorded, field.key) != std::end(kWorded)) continue;
    const fields::View value = object.field(field);
    if (!value) continue;
    const fields::View usual = fields::View{object.type, type.usual}.field(field);
    if (usual && value_text(usual) == value_text(value)) continue;
    words.push_back(printable(std::string(field.key) + " " + value_text(value)));
  }
}

std::string settings_of(const TaskConfig& task) {
  Words words;
  words.push_back(limit_text("max_failures", task.max_failures));
  words.push_back(limit_text("max_concurrency", task.max_concurrency));
  if (task.keep_going) words.emplace_back("keep_going");
  add_amounts(words, "pool", task.pools);
  words.push_back("finalization_wait " + in_seconds(task.finalization_wait));
  add_backoff(words, task.backoff);
  if (!task.user.empty()) words.push_back("user " + printable(task.user));
  add_resources(words, task.resources);
  add_surroundings(words, task.env, task.secret, task.cwd);
  add_others(words, fields::view_of(task));
  return with_commas(words);
}

}  // namespace

std::string settings_text(const ProcessConfig& process) {
  const ProcessConfig usual;
  Words words;
  if (process.final) words.emplace_back("final");
  if (process.daemon) words.emplace_back("daemon");
  if (process.ephemeral) words.emplace_back("ephemeral");
  add_needs(words, process);
  add_amounts(words, "uses", process.uses);
  if (process.max_failures != usual.max_failures) {
    words.push_back(limit_text("max_failures", process.max_failures));
  }
  if (process.max_kills != usual.max_kills) {
    words.push_back(limit_text("max_kills", process.max_kills));
  }
  if (process.min_duration != usual.min_duration) {
    words.push_back("min_duration " + in_seconds(process.min_duration));
  }
  add_backoff(words, process.backoff);
  if (process.timeout) words.push_back("timeout " + in_seconds(*process.timeout));
  add_resources(words, process.resources);
  add_logger(words, process.logger);
  add_surroundings(words, process.env, process.secret, process.cwd);
  if (!process.input.empty()) words.push_back("stdin " + printable(process.input));
  for (const std::string& path : process.outputs) words.push_back("makes " + printable(path));
  for (const std::string& path : process.needs_files) {
    words.push_back("needs the file " + printable(path));
  }
  for (const std::string& path : process.makes_files) {
    words.push_back("makes the file " + printable(path));
  }
  add_end(words, process);
  add_on_yield(words, process.on_yield);
  if (process.time) words.push_back("time " + in_seconds(*process.time));
  add_ready(words, process.ready);
  add_healthy(words, process.healthy);
  if (process.notify) words.emplace_back("notify");
  if (process.watchdog) words.push_back("watchdog " + in_seconds(*process.watchdog));
  add_others(words, fields::view_of(process));
  return with_commas(words);
}

// The lines of the command are kept, and what a terminal would interpret is escaped.
std::string command_text(const ProcessConfig& process) {
  const std::string words = shell_words(process.argv);
  std::string_view command = process.argv.empty() ? process.cmdline : words;
  std::string text;
  for (;;) {
    const std::size_t end = command.find('\n');
    text.append("      ").append(printable(command.substr(0, end))).append("\n");
    if (end == std::string_view::npos || end + 1 == command.size()) return text;
    command.remove_prefix(end + 1);
  }
}

std::string task_text(const TaskConfig& task) {
  std::string text = fmt::format("task {}\n  {}\n\nprocesses ({})\n", printable(task.name),
                                 settings_of(task), task.processes.size());
  for (const ProcessConfig& process : task.processes) {
    const std::string settings = settings_text(process);
    text += "  " + printable(process.name);
    if (!settings.empty()) text += "  [" + settings + "]";
    text += "\n" + command_text(process);
  }
  if (task.constraints.empty()) return text;
  text += "\norder\n";
  for (const Constraint& constraint : task.constraints) {
    std::string chain;
    for (const std::string& name : constraint.order) {
      if (!chain.empty()) chain += " -> ";
      chain += printable(name);
    }
    text += "  " + chain + "\n";
  }
  return text;
}

}  // namespace thermos
