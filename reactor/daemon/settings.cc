#include "reactor/daemon/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "core/base/text.h"
#include "core/config/document.h"
#include "core/task/check_name.h"
#include "reactor/os/files.h"
#include "reactor/os/log_lines.h"

namespace thermos {
namespace {

Error wrong(const std::string& path, const config::Value& value, std::string_view key,
            const std::string& what) {
  return {ErrorCode::BadConfig, config::place_text(path, value.position(), key) + what};
}

std::optional<std::uint64_t> count_of(const config::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) {
    if (*number >= 0) return static_cast<std::uint64_t>(*number);
  }
  if (const auto* number = std::get_if<std::uint64_t>(&value.data)) return *number;
  return std::nullopt;
}

struct Count {
  std::string_view key;
  std::uint64_t least;
  std::uint64_t most;
  void (*set)(Settings& settings, std::uint64_t value);
};

constexpr Microseconds kDay = 24 * (3600 * kSecond);

constexpr std::array<Count, 9> kCounts = {{
    {"keep_logs", 0, std::numeric_limits<std::uint32_t>::max(),
     [](Settings& s, std::uint64_t n) { s.keep_logs = static_cast<std::uint32_t>(n); }},
    {"tasks_per_user", 0, 1'000'000, [](Settings& s, std::uint64_t n) { s.tasks_per_user = n; }},
    {"processes_per_task", 1, 1'000'000,
     [](Settings& s, std::uint64_t n) { s.processes_per_task = n; }},
    {"connections", 1, 1'000'000, [](Settings& s, std::uint64_t n) { s.connections = n; }},
    {"connections_per_user", 1, 1'000'000,
     [](Settings& s, std::uint64_t n) { s.connections_per_user = n; }},
    {"queue_bytes", std::uint64_t{64} << 10, std::uint64_t{1} << 34,
     [](Settings& s, std::uint64_t n) { s.queue_bytes = n; }},
    {"keep_days", 0, 36'500,
     [](Settings& s, std::uint64_t n) { s.retention.older = static_cast<Microseconds>(n) * kDay; }},
    {"keep_tasks", 0, 1'000'000'000, [](Settings& s, std::uint64_t n) { s.retention.keep = n; }},
    {"keep_bytes", 0, std::uint64_t{1} << 62,
     [](Settings& s, std::uint64_t n) { s.retention.bytes = n; }},
}};

constexpr const char* kShape =
    "an object of settings is expected, as in {\"sync\": \"power\", \"keep_logs\": 100}";

constexpr std::uint32_t kMostOfPool = std::numeric_limits<std::uint32_t>::max();
constexpr std::string_view kPoolRange = "a whole number from 1 to 4294967295";

void set_pool(const std::string& name, std::uint32_t amount, Settings& settings) {
  auto& pools = settings.pools.entries;
  const auto known = std::find_if(pools.begin(), pools.end(),
                                  [&](const auto& pool) { return pool.first == name; });
  if (known == pools.end()) {
    pools.emplace_back(name, amount);
  } else {
    known->second = amount;
  }
}

Status take_pools(const std::string& path, const config::Member& member, Settings& settings) {
  const auto* pools = std::get_if<config::Object>(&member.value.data);
  if (pools == nullptr) {
    return wrong(path, member.value, member.key, "it is an object, as in {\"gpu\": 2}");
  }
  for (const config::Member& pool : *pools) {
    const std::string name(pool.key);
    const config::Value& value = pool.value;
    if (const auto complaint = check_name(name)) return wrong(path, value, member.key, *complaint);
    const auto amount = count_of(value);
    if (!amount || *amount < 1 || *amount > kMostOfPool) {
      return wrong(path, value, std::string(member.key).append(".").append(name),
                   "it is " + std::string(kPoolRange));
    }
    set_pool(name, static_cast<std::uint32_t>(*amount), settings);
  }
  return Done{};
}

Status take(const std::string& path, const config::Member& member, Settings& settings) {
  const config::Value& value = member.value;
  const auto* text = std::get_if<std::string>(&value.data);
  if (member.key == "sync") {
    if (text == nullptr || (*text != "power" && *text != "crash")) {
      return wrong(path, value, member.key, "it is \"power\" or \"crash\"");
    }
    settings.sync = *text == "crash" ? SyncMode::Crash : SyncMode::Power;
    return Done{};
  }
  if (member.key == "log_level") {
    const Status known = check_log_level(text == nullptr ? "" : *text);
    if (!known) return wrong(path, value, member.key, known.error().message);
    settings.log_level = *text;
    return Done{};
  }
  if (member.key == "pools") return take_pools(path, member, settings);
  for (const Count& count : kCounts) {
    if (count.key != member.key) continue;
    const auto number = count_of(value);
    if (!number || *number < count.least || *number > count.most) {
      return wrong(path, value, member.key,
                   "it is a whole number from " + std::to_string(count.least) + " to " +
                       std::to_string(count.most));
    }
    count.set(settings, *number);
    return Done{};
  }
  std::string known = "sync, log_level, pools";
  for (const Count& count : kCounts) known.append(", ").append(count.key);
  return wrong(path, value, member.key, "no such setting; there are " + known);
}

}  // namespace

Result<Settings> load_settings(const std::string& path, Settings defaults) {
  const auto text = read_file(path);
  if (!text) return text.error();
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error{ErrorCode::BadConfig, path + ": is empty: " + kShape};
  }
  const auto document = config::parse_document(*text, path);
  if (!document) return document.error();
  const auto* object = std::get_if<config::Object>(&document->root.data);
  if (object == nullptr) {
    return wrong(path, document->root, "", kShape);
  }
  for (const config::Member& member : *object) {
    if (auto taken = take(path, member, defaults); !taken) return taken.error();
  }
  return defaults;
}

Status add_pool(const std::string& text, Settings& settings) {
  const auto refuse = [](const std::string& what) {
    return Error{ErrorCode::Usage, "--pool takes NAME=N, as in gpu=2: " + what};
  };
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos) return refuse(thermos::quoted(text) + " has no '='");
  const std::string name = text.substr(0, equals);
  if (const auto complaint = check_name(name)) return refuse(*complaint);
  const char* const end = text.data() + text.size();
  std::uint32_t amount = 0;
  const auto [behind, error] = std::from_chars(text.data() + equals + 1, end, amount);
  if (error != std::errc() || behind != end || amount == 0) {
    return refuse(thermos::quoted(text.substr(equals + 1)) + " is not " + std::string(kPoolRange));
  }
  set_pool(name, amount, settings);
  return Done{};
}

}  // namespace thermos
