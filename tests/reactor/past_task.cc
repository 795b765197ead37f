#include "past_task.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "capnp/codec.h"
#include "core/record/frame.h"

namespace thermos {
namespace {

void put_bytes(const std::string& path, const char* bytes, std::size_t size) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes, static_cast<std::streamsize>(size));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

void make_past_directories(const Paths& paths) {
  for (const std::string& directory :
       {paths.active_dir(), paths.finished_dir(), paths.checkpoints_dir()}) {
    std::filesystem::create_directories(directory);
  }
}

void put_past_task(const Paths& paths, const PastTaskOnDisk& task) {
  std::vector<std::string> names;
  std::string json = R"({"name": "t", "processes": [)";
  for (int i = 0; i < task.processes; ++i) {
    names.push_back(task.process + (task.processes == 1 ? "" : std::to_string(i)));
    json += (i == 0 ? R"({"name": ")" : R"(, {"name": ")") + names.back() + R"(", "cmdline": ")" +
            task.cmdline + "\"}";
  }
  json += "]}";
  put_bytes(paths.finished_task(task.id), json.data(), json.size());

  std::vector<std::byte> stream(kStreamHeaderBytes);
  const StreamHeader opening{kStreamVersion, 7};
  encode_stream_header(opening,
                       std::span<std::byte, kStreamHeaderBytes>(stream.data(), stream.size()));
  std::uint32_t chain = chain_start(opening.epoch);
  std::uint64_t position = task.position;
  const auto append = [&](const Record& record) {
    if (!append_frame(record, chain, stream, position == 0 ? 0 : position++)) {
      throw std::runtime_error("a record that is too long");
    }
  };
  RunnerHeader header;
  header.task_id = task.id;
  header.uid = task.uid;
  header.user = std::to_string(task.uid);
  header.sandbox = task.sandbox;
  header.log_dir = task.sandbox + "/.logs";
  append(header);
  TaskStatus status;
  status.at.wall = task.ended;
  append(status);
  for (const std::string& name : names) {
    ProcessStatus process;
    process.process = name;
    for (const ProcessState state : {ProcessState::Waiting, ProcessState::Forked,
                                     ProcessState::Running, ProcessState::Success}) {
      process.state = state;
      if (is_terminal(state)) process.return_code = 0;
      append(process);
      ++process.seq;
    }
  }
  for (const TaskState state : {TaskState::Cleaning, TaskState::Finalizing, TaskState::Success}) {
    status.state = state;
    append(status);
  }
  std::filesystem::create_directory(paths.checkpoint_dir(task.id));
  put_bytes(paths.runner_stream(task.id), reinterpret_cast<const char*>(stream.data()),
            stream.size());
}

}  // namespace thermos
