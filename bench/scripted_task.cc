#include "bench/scripted_task.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "core/record/record.h"
#include "reactor/os/clocks.h"

namespace thermos::bench {
namespace {

constexpr std::uint64_t kTogether = 50;
constexpr std::array<ProcessState, 4> kStates = {ProcessState::Waiting, ProcessState::Forked,
                                                 ProcessState::Running, ProcessState::Success};

void check(const Status& done) {
  if (done) return;
  std::fprintf(stderr, "scripted task: %s\n", done.error().message.c_str());
  std::exit(1);
}

std::string name_of_process(std::uint32_t layer, std::uint32_t number) {
  return "layer-" + std::to_string(layer) + "-step-" + std::to_string(number);
}

std::string config_text(std::uint32_t layers, std::uint32_t width) {
  std::string text = R"({"name": "scripted", "processes": [)";
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    for (std::uint32_t number = 0; number < width; ++number) {
      text += (layer + number == 0 ? R"({"name": ")" : R"(, {"name": ")") +
              name_of_process(layer, number) + R"(", "cmdline": "make step)" +
              std::to_string(number) + "\"";
      if (layer > 0) {
        text += R"(, "needs": [")" + name_of_process(layer - 1, number) + "\"";
        const std::uint32_t other = (number * 7 + layer) % width;
        if (other != number) text += ", \"" + name_of_process(layer - 1, other) + "\"";
        text += "]";
      }
      text += "}";
    }
  }
  return text + "]}";
}

}  // namespace

ScriptedTask::ScriptedTask(const Paths& paths, std::string id, std::uint32_t layers,
                           std::uint32_t width, Microseconds begin)
    : paths_(paths), id_(std::move(id)), latest_(begin) {
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    for (std::uint32_t number = 0; number < width; ++number) {
      names_.push_back(name_of_process(layer, number));
    }
  }
  for (const std::string& directory :
       {paths.active_dir(), paths.finished_dir(), paths.checkpoint_dir(id_)}) {
    std::filesystem::create_directories(directory);
  }
  auto stream = StreamWriter::open(paths.runner_stream(id_));
  if (!stream) check(stream.error());
  stream_.emplace(std::move(*stream));
  RunnerHeader header;
  header.task_id = id_;
  header.user = "nobody";
  header.hostname = "here";
  header.sandbox = paths.default_sandbox(id_);
  header.log_dir = paths.default_log_dir(id_);
  header.launch_time = begin;
  append(header);
  TaskStatus status;
  status.at.wall = begin;
  append(status);
  check(stream_->flush());
  std::ofstream(paths.active_task(id_)) << config_text(layers, width);
}

void ScriptedTask::append(const Record& record) {
  check(stream_->append_later(record));
}

ProcessStatus ScriptedTask::next_transition(Timestamp at) {
  const std::uint64_t group = written_ / (kStates.size() * kTogether);
  const std::uint64_t first = group * kTogether;
  const std::uint64_t size = std::min<std::uint64_t>(kTogether, names_.size() - first);
  const std::uint64_t within = written_ - first * kStates.size();
  ++written_;
  ProcessStatus status;
  status.process = names_[first + within % size];
  status.seq = within / size;
  status.state = kStates.at(status.seq);
  status.at = at;
  if (status.state == ProcessState::Success) status.return_code = 0;
  if (status.state == ProcessState::Running) status.identity.pid = 1000;
  latest_ = at.wall;
  return status;
}

Microseconds ScriptedTask::write() {
  append(next_transition(read_clocks()));
  check(stream_->flush());
  return latest_;
}

void ScriptedTask::write_past(std::uint64_t count, Microseconds step) {
  for (; count > 0 && written_ < transitions(); --count) {
    append(next_transition({latest_ + step, 0}));
  }
  check(stream_->flush());
}

void ScriptedTask::end() {
  TaskStatus status;
  status.at.wall = latest_;
  for (const TaskState state : {TaskState::Cleaning, TaskState::Finalizing, TaskState::Success}) {
    status.state = state;
    append(status);
  }
  check(stream_->flush());
  std::filesystem::rename(paths_.active_task(id_), paths_.finished_task(id_));
}

}  // namespace thermos::bench
