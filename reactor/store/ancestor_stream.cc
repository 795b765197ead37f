#include "reactor/store/ancestor_stream.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>
#include <vector>

#include "reactor/os/errors.h"
#include "reactor/os/files.h"

namespace thermos {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

Result<std::size_t> read_at(int fd, const std::string& name, std::span<std::byte> room) {
  std::size_t have = 0;
  while (have < room.size()) {
    const ssize_t got =
        ::pread(fd, room.data() + have, room.size() - have, static_cast<off_t>(have));
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      return stream_error(name, "can't read it at offset " + std::to_string(have), errno);
    }
    have += static_cast<std::size_t>(got);
  }
  return have;
}

Result<std::vector<std::byte>> read_whole(int fd, const std::string& name) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return stream_error(name, "cannot read its size", errno);
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size > kMostBytes) {
    return error_at(ErrorCode::System, name, std::nullopt,
                    "a checkpoint of Apache Thermos of more than a gibibyte, which is not read");
  }
  std::vector<std::byte> bytes(size);
  const auto got = read_at(fd, name, bytes);
  if (!got) return got.error();
  bytes.resize(*got);
  return bytes;
}

Status read_coordinator(const std::string& path, std::string_view process,
                        ancestor::AncestorHistory& past) {
  const auto fd = open_stream(path);
  if (!fd) return fd.error();
  const auto end = read_ancestor_stream(fd->get(), path, [&](const ancestor::Record& record) {
    const auto* step = std::get_if<ancestor::ProcessStep>(&record);
    if (step == nullptr) {
      return Status(Error{ErrorCode::Corrupt, "a runner's record in a coordinator's stream"});
    }
    if (step->process != process) {
      return Status(Error{ErrorCode::Corrupt, "a record of another process, " + step->process});
    }
    return past.take_from_coordinator(*step);
  });
  return end ? Status(Done{}) : Status(end.error());
}

Result<History> read_task(int fd, const Paths& paths, const std::string& task_id,
                          const std::string& mark) {
  const std::string path = paths.runner_stream(task_id);
  ancestor::AncestorHistory past;
  const auto end = read_ancestor_stream(
      fd, path, [&](const ancestor::Record& record) { return past.take(record); });
  if (!end) return end.error();
  if (past.header() && past.header()->header.task_id != task_id) {
    return error_at(ErrorCode::Corrupt, path, std::nullopt,
                    "the stream of another task, " + past.header()->header.task_id);
  }
  if (!past.ended()) {
    for (const std::string& file : list_directory(paths.checkpoint_dir(task_id))) {
      const std::string_view process = process_of_file(file);
      if (process.empty()) continue;
      const Status read =
          read_coordinator(paths.checkpoint_dir(task_id) + "/" + file, process, past);
      if (!read) return read.error();
    }
  }
  auto history = past.finish({task_id, paths.default_log_dir(task_id), mark});
  if (!history) return error_at(ErrorCode::Corrupt, path, std::nullopt, history.error().message);
  return history;
}

}  // namespace

Result<bool> is_ancestor_stream(int fd, const std::string& name) {
  std::array<std::byte, 8> beginning{};
  const auto got = read_at(fd, name, beginning);
  if (!got) return got.error();
  return ancestor::is_stream(Bytes(beginning).first(*got));
}

Result<AncestorEnd> read_ancestor_stream(
    int fd, const std::string& name, const std::function<Status(const ancestor::Record&)>& take) {
  const auto bytes = read_whole(fd, name);
  if (!bytes) return bytes.error();
  ancestor::Scanner scanner(*bytes);
  for (;;) {
    const Verdict verdict = scanner.next();
    if (verdict == Verdict::Corrupt) {
      return error_at(ErrorCode::Corrupt, name, scanner.offset(), scanner.why(),
                      "the file is left as it is");
    }
    if (verdict != Verdict::Record) {
      const bool torn = verdict == Verdict::Torn;
      return AncestorEnd{torn ? StreamEnd::Torn : StreamEnd::Clean, scanner.offset()};
    }
    if (const Status taken = take(scanner.record()); !taken) {
      return error_at(taken.error().code, name, scanner.record_offset(), taken.error().message);
    }
  }
}

Result<History> read_ancestor_task(const Paths& paths, const std::string& task_id,
                                   const std::string& mark) {
  const std::string path = paths.runner_stream(task_id);
  const auto fd = open_stream(path);
  if (!fd) return fd.error();
  const auto theirs = is_ancestor_stream(fd->get(), path);
  if (!theirs) return theirs.error();
  if (!*theirs) {
    return error_at(ErrorCode::Corrupt, path, std::nullopt, "not a checkpoint of Apache Thermos");
  }
  return read_task(fd->get(), paths, task_id, mark);
}

Result<History> read_recorded_task(const Paths& paths, const std::string& task_id) {
  const std::string path = paths.runner_stream(task_id);
  const auto fd = open_stream(path);
  if (!fd) return fd.error();
  const auto theirs = is_ancestor_stream(fd->get(), path);
  if (!theirs) return theirs.error();
  if (*theirs) return read_task(fd->get(), paths, task_id, {});
  auto stream = read_runner_stream(fd->get(), path);
  if (!stream) return stream.error();
  return std::move(stream->history);
}

}  // namespace thermos
