#include "bench/streams.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "capnp/codec.h"
#include "core/record/history.h"
#include "reactor/store/compaction.h"

namespace thermos::bench {
namespace {

constexpr std::uint32_t kAtOnce = 64;
constexpr std::uint64_t kTransitions = 4;  // WAITING, FORKED, RUNNING and a terminal state
constexpr std::uint64_t kEpoch = 0x0123456789abcdef;
constexpr std::size_t kWriteAt = std::size_t{4} << 20;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

RunnerHeader header() {
  RunnerHeader header;
  header.task_id = "bench-20260101-000000.000000";
  header.sandbox = "/srv/bench";
  header.log_dir = "/srv/bench/.logs";
  header.hostname = "node1";
  header.user = "ada";
  header.uid = 1000;
  header.launch_time = 1'700'000'000'000'000;
  return header;
}

ProcessStatus transition(const std::string& name, std::uint64_t seq, Timestamp now) {
  const std::uint64_t run = seq / kTransitions;
  ProcessStatus status;
  status.process = name;
  status.seq = seq;
  status.run = static_cast<std::uint32_t>(run);
  status.at = now;
  const auto pid = static_cast<std::int32_t>(1000 + seq % 4'000'000);
  switch (seq % kTransitions) {
    case 0:
      status.state = ProcessState::Waiting;
      break;
    case 1:
      status.state = ProcessState::Forked;
      status.identity = {pid, 1'000'000 + seq};
      status.boot = {0x1122334455667788, 0x99aabbccddeeff00};
      break;
    case 2:
      status.state = ProcessState::Running;
      status.identity = {pid, 1'000'000 + seq};
      break;
    default:
      status.state = run % 16 == 15 ? ProcessState::Failed : ProcessState::Success;
      status.return_code = run % 16 == 15 ? 1 : 0;
      status.usage = {1200 + pid, 800, 4'000'000};
  }
  return status;
}

}  // namespace

void each_record(const StreamShape& shape, const std::function<void(const Record&)>& take) {
  take(header());
  TaskStatus active;
  active.at = {1'700'000'000'000'000, 5'000'000};
  active.runner_pid = 4242;
  active.boot = {0x1122334455667788, 0x99aabbccddeeff00};
  take(active);

  std::vector<std::string> names;
  for (std::uint32_t p = 0; p < shape.processes; ++p) names.push_back("step_" + std::to_string(p));
  Timestamp now = active.at;
  std::uint64_t left = shape.records;
  for (std::uint64_t round = 0; left > 0; ++round) {
    for (std::uint32_t first = 0; first < shape.processes; first += kAtOnce) {
      const std::uint32_t last = std::min(first + kAtOnce, shape.processes);
      for (std::uint64_t t = 0; t < kTransitions; ++t) {
        for (std::uint32_t p = first; p < last && left > 0; ++p, --left) {
          now = {now.wall + 100, now.boot + 100};
          take(transition(names[p], round * kTransitions + t, now));
        }
      }
    }
  }
}

ScratchFile::ScratchFile() {
  const char* directory = std::getenv("TMPDIR");
  std::string name = std::string(directory != nullptr ? directory : "/tmp") + "/bench-XXXXXX";
  fd_ = ::mkstemp(name.data());
  if (fd_ < 0) give_up(name.c_str());
  ::unlink(name.c_str());
}

ScratchFile::ScratchFile(Bytes content) : ScratchFile() {
  append(content);
}

ScratchFile::~ScratchFile() {
  ::close(fd_);
}

void ScratchFile::append(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0) give_up("cannot write a scratch file");
    size_ += static_cast<std::size_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

std::string ScratchFile::path() const {
  return "/proc/self/fd/" + std::to_string(fd_);
}

Mapping::Mapping(int fd, std::size_t size) : size_(size) {
  memory_ = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (memory_ == MAP_FAILED) give_up("cannot map a scratch file");
}

Mapping::~Mapping() {
  ::munmap(memory_, size_);
}

Bytes Mapping::bytes() const {
  return {static_cast<const std::byte*>(memory_), size_};
}

StreamBuilder::StreamBuilder() : bytes_(kStreamHeaderBytes), chain_(chain_start(kEpoch)) {
  StreamHeader header;
  header.epoch = kEpoch;
  encode_stream_header(header, std::span<std::byte, kStreamHeaderBytes>(bytes_));
}

void StreamBuilder::add(const Record& record) {
  append_frame(record, chain_, bytes_);
}

const ScratchFile& stream_file(const StreamShape& shape) {
  static std::map<StreamShape, std::unique_ptr<ScratchFile>> files;
  auto& file = files[shape];
  if (file) return *file;
  file = std::make_unique<ScratchFile>();
  StreamBuilder builder;
  each_record(shape, [&](const Record& record) {
    builder.add(record);
    if (builder.bytes().size() < kWriteAt) return;
    file->append(builder.bytes());
    builder.bytes().clear();
  });
  file->append(builder.bytes());
  return *file;
}

const ScratchFile& compacted_file(const StreamShape& shape) {
  static std::map<StreamShape, std::unique_ptr<ScratchFile>> files;
  auto& file = files[shape];
  if (file) return *file;
  History history;
  each_record(shape, [&](const Record& record) {
    if (!history.apply(record)) std::abort();
  });
  history.drop_old(kKeptRuns);
  StreamBuilder builder;
  const Status given = history.rewrite([&](const Record& record) {
    builder.add(record);
    return Status(Done{});
  });
  if (!given) std::abort();
  file = std::make_unique<ScratchFile>(builder.bytes());
  return *file;
}

}  // namespace thermos::bench
