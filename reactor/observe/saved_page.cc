#include "reactor/observe/saved_page.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "reactor/lookup/missing_task.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/inotify.h"
#include "reactor/loop/loop.h"
#include "reactor/observe/answers.h"
#include "reactor/observe/directory_watches.h"
#include "reactor/observe/event_ring.h"
#include "reactor/observe/page_files.h"
#include "reactor/observe/process_config.h"
#include "reactor/observe/root_mirror.h"
#include "reactor/observe/route.h"
#include "reactor/store/history_json.h"
#include "reactor/store/recorded_task.h"
#include "reactor/store/task_list.h"

namespace thermos::observe {
namespace {

constexpr std::size_t kSavedEventBytes = std::size_t{64} << 10;
constexpr std::size_t kLogBytes = std::size_t{64} << 10;
// The limit of failed processes that are explained, because the task's records are read again for
// each.
constexpr std::size_t kMostWhys = 50;

// The page's modules, each after the modules that it imports.
constexpr std::array<std::string_view, 16> kModules = {
    "dom.js",        "words.js",         "source.js",     "place.js",
    "rows.js",       "task_model.js",    "tasks_view.js", "table_view.js",
    "graph_view.js", "timeline_view.js", "resources.js",  "process_view.js",
    "log_view.js",   "files_view.js",    "task_view.js",  "main.js"};

// Keeps the reply for the caller.
class Kept : public Exchange {
 public:
  explicit Kept(Loop& loop) : loop_(loop) {}
  void reply(Reply reply) override {
    reply_ = std::move(reply);
    loop_.stop();
  }
  bool gone() const override { return false; }
  std::optional<Reply>& kept() { return reply_; }

 private:
  Loop& loop_;
  std::optional<Reply> reply_;
};

std::string whole(Body& body) {
  std::string text;
  std::array<char, 16384> room{};
  for (;;) {
    const Body::Given given = body.read(room);
    if (given.next != Body::Next::Bytes) return text;
    text.append(room.data(), given.bytes);
  }
}

std::string header_of(const Reply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return value;
  }
  return {};
}

// Encodes like encodeURIComponent() in the page.
std::string encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-_.!~*'()";
  std::string all;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    if (plain) {
      all += c;
    } else {
      all += '%';
      all += kHex[byte >> 4U];
      all += kHex[byte & 15U];
    }
  }
  return all;
}

// Makes the requests that a browser would make, and keeps the replies.
class Saving {
 public:
  explicit Saving(const Paths& paths)
      : paths_(paths),
        turn_end_(loop_, [this] { loop_.end_turn(); }),
        inotify_(loop_, true),
        events_("saved", kSavedEventBytes),
        mirror_(loop_, inotify_, paths, events_),
        watches_(inotify_),
        deadlines_(loop_),
        answers_(loop_, deadlines_, paths, mirror_, events_, watches_) {}

  Status start() { return mirror_.start(); }
  Status add_task(const std::string& id);
  Json take() { return {{"answers", std::move(answers_kept_)}, {"logs", std::move(logs_)}}; }
  Status add_rows(const std::vector<std::string>& task_ids);

 private:
  Result<Reply> ask(const std::string& target, std::optional<std::string_view> range = {});
  Result<Json> json(const std::string& target);
  void add_configs(const std::string& id);
  void add_logs(const std::string& base, const Json& processes);
  void add_log(const std::string& target);

  const Paths& paths_;
  Loop loop_;
  TurnEnd turn_end_;
  Inotify inotify_;
  EventRing events_;
  RootMirror mirror_;
  DirectoryWatches watches_;
  Deadlines deadlines_;
  Answers answers_;
  Json rows_ = Json::array();
  Json answers_kept_ = Json::object();
  Json logs_ = Json::object();
};

Result<Reply> Saving::ask(const std::string& target, std::optional<std::string_view> range) {
  const Target parts = split_target(target);
  const Result<Route> found = route(parts.path, parts.query);
  if (!found) return found.error();
  Request request;
  request.method = "GET";
  request.range = range;
  const auto kept = std::make_shared<Kept>(loop_);
  answers_.answer(*found, request, kept);
  while (!kept->kept()) loop_.run();
  return std::move(*kept->kept());
}

Result<Json> Saving::json(const std::string& target) {
  auto reply = ask(target);
  if (!reply) return reply.error();
  Json json = Json::parse(whole(*reply->body), nullptr, false);
  if (reply->status == 200) return json;
  const ErrorCode code = reply->status == 404   ? ErrorCode::NotFound
                         : reply->status == 403 ? ErrorCode::NotPermitted
                                                : ErrorCode::Corrupt;
  return Error{code, json.value("error", target + ": " + std::to_string(reply->status))};
}

Status Saving::add_rows(const std::vector<std::string>& task_ids) {
  const std::set<std::string> wanted(task_ids.begin(), task_ids.end());
  auto all = json("/api/tasks");
  if (!all) return all.error();
  for (Json& row : (*all)["tasks"]) {
    if (wanted.contains(row["task_id"].get<std::string>())) rows_.push_back(std::move(row));
  }
  answers_kept_["/api/tasks"] = {{"tasks", rows_}};
  return Done{};
}

Status Saving::add_task(const std::string& id) {
  const std::string base = "/api/tasks/" + encoded(id);
  auto detail = json(base);
  if (!detail) return detail.error();
  // If the task or its configuration can't be read, these parts are missing, and the page shows
  // that.
  for (const char* part : {"/graph", "/why"}) {
    if (auto more = json(base + part)) answers_kept_[base + part] = std::move(*more);
  }
  std::size_t whys = 0;
  const Json processes = detail->value("processes", Json::object());
  for (const auto& [name, runs] : processes.items()) {
    const bool well = runs.empty() || runs.back().value("state", "") == "SUCCESS";
    if (well || ++whys > kMostWhys) continue;
    const std::string target = base + "/why?process=" + encoded(name);
    if (auto why = json(target)) answers_kept_[target] = std::move(*why);
  }
  add_configs(id);
  add_logs(base, processes);
  answers_kept_[base] = std::move(*detail);
  return Done{};
}

// Adds the replies of /processes/NAME, but reads the configuration only once.
void Saving::add_configs(const std::string& id) {
  const auto entry = mirror_.find(id);
  auto task = entry ? read_recorded_config(paths_, id, entry->directory) : std::nullopt;
  if (!task) return;
  const ProcessConfigs configs(std::move(*task));
  for (const ProcessConfig& process : configs.processes()) {
    answers_kept_["/api/tasks/" + encoded(id) + "/processes/" + encoded(process.name)] =
        configs.json(process);
  }
}

void Saving::add_logs(const std::string& base, const Json& processes) {
  for (const auto& [name, runs] : processes.items()) {
    for (const Json& run : runs) {
      if (!run.contains("start_time")) continue;
      for (const char* stream : {"stdout", "stderr"}) {
        add_log(base + "/processes/" + encoded(name) + "/runs/" +
                std::to_string(run.value("run", 0U)) + "/" + stream);
      }
    }
  }
}

void Saving::add_log(const std::string& target) {
  const std::string last = "bytes=-" + std::to_string(kLogBytes);
  auto reply = ask(target, last);
  if (!reply || (reply->status != 206 && reply->status != 416)) return;
  const std::string range = header_of(*reply, "Content-Range");
  const std::string size = range.substr(range.rfind('/') + 1);
  const std::string text = reply->status == 206 ? whole(*reply->body) : std::string();
  // Parses the size as a number, so that a malformed size is not kept.
  logs_[target] = {
      {"text", text}, {"bytes", text.size()}, {"size", Json::parse(size, nullptr, false)}};
}

std::string_view text_of(const PageFile& file) {
  return {reinterpret_cast<const char*>(file.plain.data()), file.plain.size()};
}

std::string_view page_text(std::string_view name) {
  for (const PageFile& file : page_files()) {
    if (file.name == name) return text_of(file);
  }
  return {};
}

// Joins all modules into one. A module's imports can be dropped, because kModules has the imported
// modules before it.
std::string joined_modules() {
  constexpr std::string_view kImport = "import ";
  constexpr std::string_view kExport = "export ";
  std::string all;
  for (const std::string_view name : kModules) {
    std::string_view rest = page_text(name);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.starts_with(kImport)) continue;
      if (line.starts_with(kExport)) line.remove_prefix(kExport.size());
      all += line;
      all += '\n';
    }
  }
  return all;
}

Result<std::vector<std::string>> ids_of(const Paths& paths,
                                        const std::vector<std::string>& patterns) {
  const auto all = list_tasks(paths);
  if (!all) return all.error();
  if (Status each = check_patterns(*all, patterns, under({paths})); !each) return each.error();
  const auto meant = select_tasks(*all, patterns);
  if (!meant) return meant.error();
  std::vector<std::string> ids;
  for (const TaskEntry& entry : *meant) ids.push_back(entry.id);
  return ids;
}

// Escapes every '<': only "</script" can end a script element.
std::string safe_in_script(std::string text) {
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) {
    text.replace(at, 1, "\\u003c");
  }
  return text;
}

}  // namespace

Result<std::string> saved_page(const Paths& paths, const std::vector<std::string>& patterns) {
  const auto ids = ids_of(paths, patterns);
  if (!ids) return ids.error();
  Saving saving(paths);
  if (auto started = saving.start(); !started) return started.error();
  for (const std::string& id : *ids) {
    if (auto added = saving.add_task(id); !added) return added.error();
  }
  if (auto added = saving.add_rows(*ids); !added) return added.error();
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src "
      "'unsafe-inline'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>thermos</title>\n<style>\n";
  page += page_text("style.css");
  page +=
      "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
      "<header id=\"top\"></header>\n<main id=\"main\" tabindex=\"-1\"></main>\n"
      "<script type=\"application/json\" id=\"saved\">";
  page += safe_in_script(json_line(saving.take()));
  page += "</script>\n<script type=\"module\">\n";
  page += joined_modules();
  page += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace thermos::observe
