#include "reactor/show/perfetto_trace.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "core/record/state.h"
#include "reactor/store/history_json.h"

namespace thermos {
namespace {

// Numbers of groups and tracks, which the format calls processes and threads. No number is used for
// both.
constexpr int kTask = 1;
constexpr int kWaiting = 2;
constexpr int kTaskTrack = 10;
constexpr int kFirstLane = 100;

struct Interval {
  std::size_t span;
  Microseconds begin;
  Microseconds latest;  // the latest time at which the interval may be drawn to begin
  Microseconds end;
};

// Gives each interval the first track on which it overlaps no other, so that there are as many
// tracks as intervals at once. The intervals must be given in the order of their beginnings.
class Lanes {
 public:
  // Returns the track of the interval. May move its beginning to a later time.
  std::size_t take(Interval& interval) {
    while (!taken_.empty() && taken_.top().first <= interval.begin) free_first();
    if (free_.empty() && !taken_.empty() && taken_.top().first <= interval.latest) {
      interval.begin = taken_.top().first;
      free_first();
    }
    if (free_.empty()) free_.insert(count_++);
    const std::size_t lane = *free_.begin();
    free_.erase(free_.begin());
    taken_.emplace(std::max(interval.begin, interval.end), lane);
    return lane;
  }
  std::size_t count() const { return count_; }

 private:
  void free_first() {
    free_.insert(taken_.top().second);
    taken_.pop();
  }

  using Taken = std::pair<Microseconds, std::size_t>;
  std::priority_queue<Taken, std::vector<Taken>, std::greater<>> taken_;
  std::set<std::size_t> free_;
  std::size_t count_ = 0;
};

class TraceEvents {
 public:
  explicit TraceEvents(const Trace& trace) : trace_(trace), track_(trace.spans.size()) {}
  std::string text(const std::string& label);

 private:
  struct Event {
    Microseconds at;
    std::string text;
  };

  void find_intervals();
  void place();
  void add_names(const std::string& label);
  void add_stages();
  void add_slices();
  void add_arrows();
  void add_counts();
  void name(const char* what, int group, std::optional<int> track, const std::string& name,
            int order);
  void add_slice(const Span& span, std::string name, Microseconds begin, int group, int track);
  void add(Microseconds at, const Json& json) { events_.push_back({at, json_line(json)}); }

  const Trace& trace_;
  std::vector<int> track_;                        // the track of each span; 0: none
  std::vector<Microseconds> begin_;               // the beginning of each span's slice
  std::vector<Interval> in_flight_;               // processes, from their first run on
  std::map<std::size_t, std::size_t> first_run_;  // by the process's span
  std::vector<Interval> waiting_;                 // the waits before the first run
  std::size_t lanes_ = 0;
  std::size_t waiting_lanes_ = 0;
  std::vector<std::string> names_;
  std::vector<Event> events_;
};

void TraceEvents::find_intervals() {
  std::optional<std::size_t> process;
  bool began = false;
  for (std::size_t i = 0; i < trace_.spans.size(); ++i) {
    const Span& span = trace_.spans[i];
    begin_.push_back(span.begin);
    if (span.kind == SpanKind::Process) {
      process = i;
      began = false;
    } else if (span.kind == SpanKind::Run && !began) {
      began = true;
      // The run's beginning is the time of the turn that decided it. That turn may have begun
      // before the end was recorded that made room for the run, but the coordinator was forked
      // after that end.
      const bool forked = !span.moments.empty() && span.moments.front().name == "forked";
      in_flight_.push_back({*process, span.begin, forked ? span.moments.front().at : span.begin,
                            trace_.spans[*process].end});
      first_run_.emplace(*process, i);
    } else if (span.kind == SpanKind::Wait && !began) {
      waiting_.push_back({i, span.begin, span.begin, span.end});
    }
  }
}

void TraceEvents::place() {
  const auto give = [this](std::vector<Interval>& intervals, int first) {
    std::stable_sort(intervals.begin(), intervals.end(),
                     [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
    Lanes lanes;
    for (Interval& one : intervals) {
      track_[one.span] = first + static_cast<int>(lanes.take(one));
      begin_[one.span] = one.begin;
      if (const auto run = first_run_.find(one.span); run != first_run_.end()) {
        begin_[run->second] = one.begin;
      }
    }
    return lanes.count();
  };
  lanes_ = give(in_flight_, kFirstLane);
  waiting_lanes_ = give(waiting_, kFirstLane + static_cast<int>(lanes_));
}

void TraceEvents::name(const char* what, int group, std::optional<int> track,
                       const std::string& name, int order) {
  const std::string kind = what;
  for (const bool sorts : {false, true}) {
    Json json = {{"ph", "M"}, {"name", kind + (sorts ? "_sort_index" : "_name")}, {"pid", group}};
    if (track) json["tid"] = *track;
    json["args"] = sorts ? Json{{"sort_index", order}} : Json{{"name", name}};
    names_.push_back(json_line(json));
  }
}

void TraceEvents::add_names(const std::string& label) {
  name("process", kTask, {}, label, 0);
  name("thread", kTask, kTaskTrack, "task", 0);
  const auto number = [](std::size_t i) { return static_cast<int>(i); };
  for (std::size_t i = 0; i < lanes_; ++i) {
    name("thread", kTask, kFirstLane + number(i), "in flight " + std::to_string(i + 1),
         1 + number(i));
  }
  if (waiting_lanes_ == 0) return;
  name("process", kWaiting, {}, "waiting for a place or a time", 1);
  for (std::size_t i = 0; i < waiting_lanes_; ++i) {
    name("thread", kWaiting, kFirstLane + number(lanes_ + i), "waiting " + std::to_string(i + 1),
         number(i));
  }
}

void TraceEvents::add_slice(const Span& span, std::string name, Microseconds begin, int group,
                            int track) {
  Json json = {{"ph", "X"},
               {"name", std::move(name)},
               {"cat", name_of(span.kind)},
               {"pid", group},
               {"tid", track},
               {"ts", begin},
               {"dur", span.end - begin}};
  Json& args = json["args"];
  args["span_id"] = span.id;
  for (const auto& [key, value] : span.attributes) {
    std::visit([&args, &key = key](const auto& v) { args[key] = v; }, value);
  }
  for (const Span::Moment& moment : span.moments) {
    if (span.kind == SpanKind::Run) {
      args["thermos." + moment.name + "_after_seconds"] =
          static_cast<double>(moment.at - span.begin) / static_cast<double>(kSecond);
    }
  }
  if (span.open) args["thermos.open"] = true;
  if (!span.message.empty()) args["thermos.message"] = span.message;
  add(begin, json);
}

// The stages of the task, below its own slice.
void TraceEvents::add_stages() {
  const Span& task = trace_.spans.front();
  add_slice(task, task.name, task.begin, kTask, kTaskTrack);
  std::optional<Span::Moment> stage;
  const auto end_stage = [&](Microseconds at) {
    if (!stage) return;
    add(stage->at, {{"ph", "X"},
                    {"name", stage->name},
                    {"cat", "stage"},
                    {"pid", kTask},
                    {"tid", kTaskTrack},
                    {"ts", stage->at},
                    {"dur", std::max<Microseconds>(0, at - stage->at)}});
    stage.reset();
  };
  for (const Span::Moment& moment : task.moments) {
    const auto state = task_state_from(moment.name);
    if (state) {
      end_stage(moment.at);
      if (!is_terminal(*state)) stage = moment;
      continue;
    }
    add(moment.at, {{"ph", "i"},
                    {"name", moment.name},
                    {"cat", "task"},
                    {"s", "t"},
                    {"pid", kTask},
                    {"tid", kTaskTrack},
                    {"ts", moment.at}});
  }
  end_stage(task.end);
}

void TraceEvents::add_slices() {
  int lane = 0;
  for (std::size_t i = 1; i < trace_.spans.size(); ++i) {
    const Span& span = trace_.spans[i];
    const bool bad = span.result == SpanResult::Error;
    switch (span.kind) {
      case SpanKind::Task:
        break;
      case SpanKind::Process: {
        lane = track_[i];
        if (lane == 0) break;
        add_slice(span, span.name + (bad ? " failed" : ""), begin_[i], kTask, lane);
        break;
      }
      case SpanKind::Wait: {
        const bool before = track_[i] != 0;
        add_slice(span, before ? span.name : "waits", span.begin, before ? kWaiting : kTask,
                  before ? track_[i] : lane);
        break;
      }
      case SpanKind::Run:
        add_slice(span,
                  "run " + std::to_string(span.run.value_or(0)) +
                      (bad && !span.message.empty() ? ": " + span.message : ""),
                  begin_[i], kTask, lane);
        break;
    }
  }
}

// Adds the trace's arrows. An arrow begins in the slice that contains its time, and a slice does
// not contain its own end.
void TraceEvents::add_arrows() {
  std::size_t id = 0;
  for (const Arrow& arrow : trace_.arrows) {
    const int from = track_[arrow.from];
    const int to = track_[arrow.to];
    if (from == 0 || to == 0) continue;
    const Microseconds last = trace_.spans[arrow.from].end - 1;
    const Microseconds first = begin_[arrow.from];
    const Microseconds at = std::max(first, std::min(arrow.at, last));
    if (at > last || at > begin_[arrow.to]) continue;
    ++id;
    add(at, {{"ph", "s"},
             {"id", id},
             {"name", "lets run"},
             {"cat", "needs"},
             {"pid", kTask},
             {"tid", from},
             {"ts", at}});
    add(begin_[arrow.to], {{"ph", "f"},
                           {"bp", "e"},
                           {"id", id},
                           {"name", "lets run"},
                           {"cat", "needs"},
                           {"pid", kTask},
                           {"tid", to},
                           {"ts", begin_[arrow.to]}});
  }
}

void TraceEvents::add_counts() {
  std::map<Microseconds, std::int64_t> changes;
  for (std::size_t i = 0; i < trace_.spans.size(); ++i) {
    if (trace_.spans[i].kind != SpanKind::Run) continue;
    ++changes[begin_[i]];
    --changes[trace_.spans[i].end];
  }
  std::int64_t count = 0;
  for (const auto& [at, change] : changes) {
    count += change;
    add(at, {{"ph", "C"},
             {"name", "processes in flight"},
             {"pid", kTask},
             {"ts", at},
             {"args", {{"processes", count}}}});
  }
}

std::string TraceEvents::text(const std::string& label) {
  find_intervals();
  place();
  add_names(label);
  add_stages();
  add_slices();
  add_arrows();
  add_counts();
  std::stable_sort(events_.begin(), events_.end(),
                   [](const Event& a, const Event& b) { return a.at < b.at; });
  std::string text = "{\"displayTimeUnit\":\"ms\",\"otherData\":" +
                     json_line(Json{{"trace_id", trace_.id}, {"thermos", THERMOS_VERSION}}) +
                     ",\"traceEvents\":[";
  const char* before = "\n";
  const auto put = [&](const std::string& line) {
    text += before + line;
    before = ",\n";
  };
  for (const std::string& one : names_) put(one);
  for (const Event& event : events_) put(event.text);
  return text + "\n]}\n";
}

}  // namespace

std::string perfetto_text(const Trace& trace, const std::string& label) {
  return TraceEvents(trace).text(label);
}

}  // namespace thermos
