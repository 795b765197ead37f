#include "reactor/observe/answers.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <vector>

#include "core/base/text.h"
#include "core/explain/graph_layout.h"
#include "core/task/check_task.h"
#include "reactor/cli/moment.h"
#include "reactor/configuration/configuration.h"
#include "reactor/fsck/fsck_stream.h"
#include "reactor/lookup/task_argument.h"
#include "reactor/observe/byte_range.h"
#include "reactor/observe/page_files.h"
#include "reactor/observe/process_config.h"
#include "reactor/observe/record_reading.h"
#include "reactor/observe/reply_bodies.h"
#include "reactor/observe/sandbox_files.h"
#include "reactor/os/clocks.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/os/identity.h"
#include "reactor/store/log_directory.h"
#include "reactor/store/recorded_chronicle.h"
#include "reactor/store/recorded_task.h"
#include "reactor/views/recorded_metrics.h"
#include "reactor/views/status_json.h"
#include "reactor/views/taken_logs.h"
#include "reactor/views/task_view.h"
#include "reactor/views/why_answer.h"
#include "reactor/views/why_text.h"

namespace thermos::observe {
namespace {

constexpr std::size_t kRecent = 4;
// The time left is not estimated for a task with more processes, because the estimate would hold up
// other requests.
constexpr std::size_t kMostEstimated = 1000;

unsigned status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::Usage:
    case ErrorCode::BadConfig:
      return 400;
    case ErrorCode::NotFound:
      return 404;
    case ErrorCode::NotPermitted:
      return 403;
    case ErrorCode::Busy:
    case ErrorCode::NoDaemon:
      return 503;
    case ErrorCode::Corrupt:
    case ErrorCode::System:
      break;
  }
  return 500;
}

Reply json_reply(const Json& json) {
  return {200, "application/json", {}, text_body(json_line(json) + "\n")};
}

Error no_task(const std::string& id) {
  return Error{ErrorCode::NotFound,
               "there is no task " + thermos::quoted(id) + "; /api/tasks lists them"};
}

Error no_header(const std::string& id) {
  return Error{ErrorCode::NotFound, id + " has no records yet"};
}

Error no_configuration(const std::string& id) {
  return Error{ErrorCode::Corrupt, id + ": its configuration can't be read"};
}

// Makes the reply with the bytes of a file that a Range header requests.
Reply range_reply(Descriptor file, std::uint64_t size, const std::optional<std::string>& range,
                  std::string type) {
  const ByteRange wanted =
      byte_range(range ? std::optional<std::string_view>(*range) : std::nullopt, size);
  Reply reply;
  reply.type = std::move(type);
  reply.headers.emplace_back("Accept-Ranges", "bytes");
  const std::string total = std::to_string(size);
  switch (wanted.kind) {
    case ByteRange::Kind::Whole:
      reply.body = file_body(std::move(file), 0, size);
      return reply;
    case ByteRange::Kind::Part:
      reply.status = 206;
      reply.headers.emplace_back(
          "Content-Range", "bytes " + std::to_string(wanted.first) + "-" +
                               std::to_string(wanted.first + wanted.length - 1) + "/" + total);
      reply.body = file_body(std::move(file), wanted.first, wanted.length);
      return reply;
    case ByteRange::Kind::Unsatisfiable:
      break;
  }
  reply.status = 416;
  reply.type = "text/plain; charset=utf-8";
  reply.headers.emplace_back("Content-Range", "bytes */" + total);
  reply.body = text_body("it has " + total + " bytes\n");
  return reply;
}

Reply page_reply(const std::string& name, bool packed) {
  for (const PageFile& file : page_files()) {
    if (file.name != name) continue;
    Reply reply;
    reply.type = file.type;
    const auto bytes = packed ? file.packed : file.plain;
    if (packed) reply.headers.emplace_back("Content-Encoding", "gzip");
    reply.headers.emplace_back("Vary", "Accept-Encoding");
    reply.body = text_body(std::string(bytes.begin(), bytes.end()));
    return reply;
  }
  return error_reply({ErrorCode::NotFound, "the page has no file " + thermos::quoted(name)});
}

// Returns the findings of `thermos fsck` about a stream that can't be read.
Json findings_json(const std::string& path) {
  History history;
  const StreamReading reading =
      check_stream(path, false, [&](const Record& record, std::size_t /*offset*/) -> Status {
        const auto applied = history.apply(record);
        if (!applied) return applied.error();
        return Done{};
      });
  Json findings = Json::array();
  for (const Finding& finding : reading.findings) {
    Json json{{"severity", name_of(finding.severity)}, {"file", finding.file}};
    if (finding.offset) json["offset"] = *finding.offset;
    json["what"] = finding.what;
    if (!finding.advice.empty()) json["advice"] = finding.advice;
    findings.push_back(std::move(json));
  }
  return findings;
}

std::string_view name_of_condition(Condition condition) {
  switch (condition) {
    case Condition::Success:
      return "success";
    case Condition::Start:
      return "start";
    case Condition::Ready:
      return "ready";
    case Condition::End:
      break;
  }
  return "end";
}

// Writes the JSON text directly: making a JSON tree of a large graph would take longer than the
// layout itself.
std::string graph_text(const std::string& id, const TaskConfig& task, const GraphLayout& layout) {
  const auto text_of = [](const std::string& text) { return json_line(Json(text)); };
  std::string text = "{\"task_id\":" + text_of(id) +
                     ",\"layers\":" + std::to_string(layout.layers) + ",\"nodes\":[";
  for (const GraphLayout::Node& node : layout.nodes) {
    if (text.back() != '[') text += ',';
    text += "{\"layer\":" + std::to_string(node.layer) +
            ",\"place\":" + std::to_string(node.place) + ",\"processes\":[";
    for (const ProcessIndex p : node.members) {
      if (text.back() != '[') text += ',';
      text += text_of(task.processes[p].name);
    }
    text += ']';
    const ProcessConfig& first = task.processes[node.members.front()];
    if (first.final) text += ",\"final\":true";
    if (first.daemon) text += ",\"daemon\":true";
    if (first.ephemeral) text += ",\"ephemeral\":true";
    text += '}';
  }
  text += "],\"edges\":[";
  for (const GraphLayout::Edge& edge : layout.edges) {
    if (text.back() != '[') text += ',';
    text += "{\"from\":" + std::to_string(edge.from) + ",\"to\":" + std::to_string(edge.to);
    if (edge.condition != Condition::Success) {
      text.append(",\"condition\":\"").append(name_of_condition(edge.condition)).append("\"");
    }
    text += '}';
  }
  return text + "]}\n";
}

void add_time_left(const TaskView& view, const Paths& paths, Microseconds now, Json& head) {
  if (!view.task || view.task->processes.size() > kMostEstimated) return;
  if (const auto left = time_left_of(view, paths, now)) {
    head["time_left"] = static_cast<double>(*left) / kSecond;
  }
}

void reply_task(const Json& head, History history, const std::shared_ptr<Exchange>& asker) {
  Reply reply;
  reply.body = task_body(head, std::make_shared<const History>(std::move(history)));
  asker->reply(std::move(reply));
}

}  // namespace

Reply error_reply(const Error& error) {
  Json json{{"error", error.message}};
  return {status_of(error.code), "application/json", {}, text_body(json_line(json) + "\n")};
}

Answers::Answers(Loop& loop, Deadlines& deadlines, const Paths& paths, RootMirror& mirror,
                 EventRing& events, DirectoryWatches& watches)
    : paths_(paths),
      mirror_(mirror),
      events_(events),
      watches_(watches),
      jobs_(loop),
      resources_(loop, deadlines) {
  if (const auto boot = read_boot_id()) boot_ = *boot;
}

void Answers::answer(const Route& route, const Request& request, const Asker& asker) {
  const auto range = request.range ? std::optional<std::string>(*request.range) : std::nullopt;
  switch (route.resource) {
    case Resource::Page:
      return asker->reply(page_reply(route.page, request.takes_gzip));
    case Resource::Events:
      return events(route, request, asker);
    case Resource::Tasks:
      return tasks(route, asker);
    case Resource::Metrics:
      return metrics(asker);
    case Resource::Task:
      return task(route, asker);
    case Resource::Graph:
      return with_task(route.task, asker,
                       [this, asker](const TaskEntry& entry) { graph(entry, asker); });
    case Resource::Why:
      return with_task(route.task, asker,
                       [this, route, asker](const TaskEntry& entry) { why(route, entry, asker); });
    case Resource::Process:
      return with_task(route.task, asker,
                       [this, name = route.process, asker](const TaskEntry& entry) {
                         process(name, entry, asker);
                       });
    case Resource::Log:
    case Resource::Use:
    case Resource::Files:
      break;
  }
  with_task(route.task, asker, [this, route, range, asker](const TaskEntry& entry) {
    with_history(entry, asker, [this, route, range, asker](const Result<KnownPast>& found) {
      if (!found) return asker->reply(error_reply(found.error()));
      const Recorded& recorded = **found;
      if (!recorded.history.header()) return asker->reply(error_reply(no_header(route.task)));
      if (route.resource == Resource::Log) return log(route, range, recorded, asker);
      if (route.resource == Resource::Use) return use(route, recorded, asker);
      files(route, range, recorded, asker);
    });
  });
}

// ---- reading -----------------------------------------------------------------------------------

void Answers::with_task(const std::string& id, const Asker& asker,
                        std::function<void(const TaskEntry&)> then) {
  mirror_.when_ready([this, id, asker, then = std::move(then)] {
    const auto entry = mirror_.find(id);
    if (!entry) return asker->reply(error_reply(no_task(id)));
    then(*entry);
  });
}

void Answers::with_history(const TaskEntry& entry, const Asker& asker,
                           std::function<void(const Result<KnownPast>&)> then) {
  if (const History* const history = mirror_.history(entry.id)) {
    return then(std::make_shared<const Recorded>(
        Recorded{*history, owner_of(paths_.runner_stream(entry.id))}));
  }
  const bool finished = entry.directory == TaskDirectory::Finished;
  const FileVersion file = finished ? version_of(paths_.finished_task(entry.id)) : FileVersion();
  const auto known = std::find_if(recent_.begin(), recent_.end(), [&](const Recent& one) {
    return one.id == entry.id && one.file == file;
  });
  if (known != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, known);
    return then(known->past);
  }
  const auto recorded = std::make_shared<Recorded>();
  const auto reading = std::make_shared<RecordReading>(
      paths_, entry.id, [recorded] { recorded->history = History(); },
      [recorded](const Record& record) -> Status {
        const auto applied = recorded->history.apply(record);
        if (!applied) return applied.error();
        return Done{};
      });
  jobs_.add([this, entry, file, asker, recorded, reading, then = std::move(then)] {
    if (asker->gone()) return true;
    const Result<bool> end = reading->step();
    if (end && !*end) return false;
    if (!end) {
      then(end.error());
      return true;
    }
    recorded->recorded_by = reading->recorded_by();
    if (is_terminal(recorded->history.state()) && file.size >= 0) {
      recent_.push_front({entry.id, file, recorded});
      if (recent_.size() > kRecent) recent_.pop_back();
    }
    then(KnownPast(recorded));
    return true;
  });
}

void Answers::with_chronicle(const TaskEntry& entry, std::optional<Microseconds> at,
                             const Asker& asker, std::function<void(const Chronicle&)> then) {
  const auto chronicle = std::make_shared<Chronicle>(at);
  const auto reading = std::make_shared<RecordReading>(
      paths_, entry.id, [chronicle, at] { *chronicle = Chronicle(at); },
      [chronicle](const Record& record) { return chronicle->take(record); });
  jobs_.add([entry, at, asker, chronicle, reading, then = std::move(then)] {
    if (asker->gone()) return true;
    const Result<bool> end = reading->step();
    if (end && !*end) return false;
    if (!end) {
      asker->reply(error_reply(end.error()));
      return true;
    }
    if (Status there = check_there(*chronicle, entry, at); !there) {
      asker->reply(error_reply(there.error()));
      return true;
    }
    then(*chronicle);
    return true;
  });
}

// ---- replies -----------------------------------------------------------------------------------

void Answers::events(const Route& route, const Request& request, const Asker& asker) {
  const std::string from = request.last_event_id ? std::string(*request.last_event_id)
                                                 : route.since.value_or(std::string());
  mirror_.when_ready([this, from, asker] {
    const auto number = events_.behind(from);
    const std::uint64_t last = number ? *number : events_.last();
    const std::string position = events_.position(last);
    // A client that was here before, and whose missed events are gone, has to load everything
    // again.
    const bool lost = !from.empty() && !number;
    std::string first =
        server_sent(lost ? "reset" : "hello", position, json_line({{"position", position}}));
    Reply reply;
    reply.type = "text/event-stream";
    reply.body = events_body(events_, last, std::move(first));
    asker->reply(std::move(reply));
  });
}

void Answers::tasks(const Route& route, const Asker& asker) {
  mirror_.when_ready([this, route, asker] {
    const auto wants = [only = route.only](const RootMirror::Row& row) {
      if (only == "failed") return row.failed;
      return only.empty() || (only == "active") == (row.directory == TaskDirectory::Active);
    };
    Reply reply;
    reply.body = rows_body(events_.position(), mirror_.rows(), wants,
                           route.limit.value_or(std::numeric_limits<std::uint64_t>::max()));
    asker->reply(std::move(reply));
  });
}

void Answers::metrics(const Asker& asker) {
  mirror_.when_ready([this, asker] {
    const auto metrics = std::make_shared<TaskMetrics>();
    jobs_.add([this, asker, metrics, rows = mirror_.rows(), next = std::size_t{0}]() mutable {
      if (asker->gone()) return true;
      if (next < rows->size()) {
        const RootMirror::Row& row = (*rows)[next++];
        add_recorded_task(paths_, {row.id, row.directory}, *metrics);
        return false;
      }
      asker->reply({200,
                    "text/plain; version=0.0.4; charset=utf-8",
                    {},
                    text_body(metrics_text(*metrics) + std::string(kMetricsEnd))});
      return true;
    });
  });
}

void Answers::task(const Route& route, const Asker& asker) {
  std::optional<Microseconds> at;
  if (route.at) {
    const Result<Microseconds> moment = parse_moment("at", *route.at);
    if (!moment) return asker->reply(error_reply(moment.error()));
    at = *moment;
  }
  with_task(route.task, asker, [this, at, asker](const TaskEntry& entry) {
    if (at) return past_task(entry, *at, asker);
    with_history(entry, asker, [this, entry, asker](const Result<KnownPast>& found) {
      TaskView view;
      view.entry = entry;
      if (!found) {
        view.error = found.error().message;
        Json json = view_json(view, paths_, read_clocks().wall);
        json["findings"] = findings_json(paths_.runner_stream(entry.id));
        json["position"] = events_.position();
        return asker->reply(json_reply(json));
      }
      view.history = (*found)->history;
      if (entry.directory == TaskDirectory::Active) {
        view.task = read_recorded_config(paths_, entry.id, entry.directory);
      }
      Json head = view_head_json(view, paths_, read_clocks().wall);
      add_time_left(view, paths_, read_clocks().wall, head);
      head["position"] = events_.position();
      reply_task(head, std::move(*view.history), asker);
    });
  });
}

void Answers::past_task(const TaskEntry& entry, Microseconds at, const Asker& asker) {
  with_chronicle(entry, at, asker, [this, entry, at, asker](const Chronicle& chronicle) {
    TaskView view = view_of_past(paths_, entry, chronicle);
    Json head = view_head_json(view, paths_, at);
    add_time_left(view, paths_, at, head);
    reply_task(head, std::move(*view.history), asker);
  });
}

void Answers::graph(const TaskEntry& entry, const Asker& asker) {
  const auto task = read_recorded_config(paths_, entry.id, entry.directory);
  if (!task) return asker->reply(error_reply(no_configuration(entry.id)));
  const Result<Graph> graph = check_task(*task, PoolsOf::Daemon);
  if (!graph) return asker->reply(error_reply(graph.error()));
  Reply reply;
  reply.body = text_body(graph_text(entry.id, *task, lay_out(*task, *graph)));
  asker->reply(std::move(reply));
}

void Answers::process(const std::string& name, const TaskEntry& entry, const Asker& asker) {
  auto task = read_recorded_config(paths_, entry.id, entry.directory);
  if (!task) return asker->reply(error_reply(no_configuration(entry.id)));
  auto config = ProcessConfigs(std::move(*task)).json(name);
  if (!config) {
    return asker->reply(
        error_reply(Error{ErrorCode::NotFound, "the configuration of " + entry.id +
                                                   " has no process " + thermos::quoted(name)}));
  }
  (*config)["task_id"] = entry.id;
  (*config)["process"] = name;
  asker->reply(json_reply(*config));
}

void Answers::why(const Route& route, const TaskEntry& entry, const Asker& asker) {
  WhyQuestion question;
  if (!route.process.empty()) question.process = route.process;
  question.run = route.asked_run;
  if (route.at) {
    const Result<Microseconds> moment = parse_moment("at", *route.at);
    if (!moment) return asker->reply(error_reply(moment.error()));
    question.at = *moment;
  }
  with_chronicle(
      entry, question.at, asker, [this, entry, question, asker](const Chronicle& chronicle) {
        const auto found = answer_why(paths_, entry, chronicle, question);
        if (!found) return asker->reply(error_reply(found.error()));
        asker->reply(json_reply(why_json(entry.id, found->answer, found->printed, found->at)));
      });
}

// ---- files -------------------------------------------------------------------------------------

bool Answers::run_is_over(const Route& route) const {
  const History* const history = mirror_.history(route.task);
  if (history == nullptr) {
    // The task has ended, or its stream is being read again.
    const auto entry = mirror_.find(route.task);
    return !entry || entry->directory == TaskDirectory::Finished;
  }
  const auto index = history->find(route.process);
  if (!index) return false;
  const Run* const run = history->process(*index).run(route.run);
  if (run != nullptr) return is_terminal(run->state);
  return route.run < history->process(*index).next_run;
}

void Answers::log(const Route& route, const std::optional<std::string>& range,
                  const Recorded& recorded, const Asker& asker) {
  const RunnerHeader& own = *recorded.history.header();
  LogPlace place{own, log_reader_of(own, recorded.recorded_by), route.run};
  const auto index = recorded.history.find(route.process);
  const Run* const run = index ? recorded.history.process(*index).run(route.run) : nullptr;
  if (run != nullptr && !run->taken_over_from().empty()) {
    const std::string from(run->taken_over_from());
    auto taken = find_taken_in(paths_)(from, route.process);
    if (!taken) {
      return asker->reply(error_reply(
          Error{ErrorCode::NotFound, "its output is that of task " + printable(from) +
                                         ", from which it was taken over, and can't be found"}));
    }
    place = std::move(*taken);
  }
  auto directory = LogDirectory::enter(place.header, place.reader, route.process, place.run);
  if (!directory) return asker->reply(error_reply(directory.error()));
  constexpr const char* kType = "text/plain; charset=utf-8";
  if (route.follow) {
    auto tail = LogTail::open(std::move(*directory), route.stream);
    if (!tail) return asker->reply(error_reply(tail.error()));
    if (Status moved = tail->start_at(route.from); !moved) {
      return asker->reply(error_reply(moved.error()));
    }
    Reply reply;
    reply.type = kType;
    reply.body = follow_body(
        std::move(*tail), [this, route] { return run_is_over(route); }, events_, watches_);
    return asker->reply(std::move(reply));
  }
  auto file = directory->open(route.stream);
  if (!file) return asker->reply(error_reply(file.error()));
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) {
    return asker->reply(error_reply(system_error(directory->path_of(route.stream), errno)));
  }
  asker->reply(
      range_reply(std::move(*file), static_cast<std::uint64_t>(info.st_size), range, kType));
}

void Answers::use(const Route& route, const Recorded& recorded, const Asker& asker) {
  const auto index = recorded.history.find(route.process);
  const Run* const run = index ? recorded.history.process(*index).run(route.run) : nullptr;
  if (run == nullptr) {
    return asker->reply(
        error_reply(Error{ErrorCode::NotFound, printable(route.process) + " has no run " +
                                                   std::to_string(route.run) + " on record"}));
  }
  const ResourceWatch::Run key{route.task, route.process, route.run};
  const auto answer = [this, key, after = route.after, totals = usage_json(run->usage), asker] {
    asker->reply(json_reply({{"interval", SampleRing::kInterval / kSecond},
                             {"samples", resources_.samples(key, after)},
                             {"totals", totals}}));
  };
  // On another machine, or before this boot, the recorded pids belong to other processes.
  if (is_terminal(run->state) || !run->forked || run->boot != boot_) return answer();
  resources_.look(key, {run->coordinator, run->process}, answer);
}

void Answers::files(const Route& route, const std::optional<std::string>& range,
                    const Recorded& recorded, const Asker& asker) {
  const RunnerHeader& header = *recorded.history.header();
  auto found = open_in_sandbox(header, log_reader_of(header, recorded.recorded_by), route.names);
  if (!found) return asker->reply(error_reply(found.error()));
  if (found->listing) return asker->reply(json_reply(*found->listing));
  Reply reply = range_reply(std::move(found->file), found->size, range, "application/octet-stream");
  // Makes a browser save the file instead of showing it.
  reply.headers.emplace_back("Content-Disposition", "attachment");
  asker->reply(std::move(reply));
}

}  // namespace thermos::observe
