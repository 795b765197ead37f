#include "reactor/fsck/fsck_stream.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "reactor/store/stream_lock.h"

namespace thermos {
namespace {

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

Finding& find(StreamReading& reading, Severity severity, std::string what,
              std::string advice = {}) {
  Finding& finding = reading.findings.emplace_back();
  finding.severity = severity;
  finding.file = reading.path;
  finding.what = std::move(what);
  finding.advice = std::move(advice);
  return finding;
}

void find_fault(StreamReading& reading, const Error& error) {
  reading.corrupt = error.code == ErrorCode::Corrupt;
  reading.unreadable = !reading.corrupt;
  Finding& finding = find(reading, Severity::Error, error.what);
  finding.offset = error.offset;
  if (!reading.corrupt) return;
  finding.corrupt = true;
  finding.advice = "the bytes are kept; restore the file, or run the task under another id";
}

void find_torn_tail(StreamReading& reading, std::size_t size) {
  Finding& finding = find(reading, Severity::Warning,
                          "a torn tail: " + counted(size - reading.position.offset, "byte") +
                              " of a record that was not written to its end",
                          "the next leader cuts it off, and so does --repair");
  finding.offset = reading.position.offset;
  finding.remedy = Remedy::CutTail;
}

// Returns nothing if there is no such stream; `reading` then says why.
Descriptor open_checked(StreamReading& reading) {
  reading.not_a_stream = true;
  // O_NONBLOCK: opening a FIFO of this name must not block.
  Descriptor fd(open(reading.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) {
    reading.missing = errno == ENOENT;
    reading.unreadable = !reading.missing;
    if (reading.unreadable) {
      find(reading, Severity::Error, "can't be opened: " + open_failure(errno));
    }
    return {};
  }
  if (!S_ISREG(info.st_mode)) {
    reading.unreadable = true;
    find(reading, Severity::Error, "not a regular file, so not a stream", "move it out of the way");
    return {};
  }
  reading.not_a_stream = false;
  return fd;
}

Status refuse(std::string why) {
  return Error{ErrorCode::Corrupt, std::move(why)};
}

// Checks whether `record` may follow the records seen so far in a coordinator's stream. `first`
// means that there were none.
Status check_next(const CoordinatorReading& seen, bool first, const Record& record) {
  if (const auto* summary = std::get_if<ProcessSummary>(&record)) {
    if (!first) return refuse("a summary behind other records");
    if (summary->process != seen.process) return refuse("a summary of another process");
    return Done{};
  }
  if (const auto* report = std::get_if<ProcessReport>(&record)) {
    if (report->process != seen.process) return refuse("a report of another process");
    const bool under_way = !seen.transitions.empty() &&
                           seen.transitions.back().status.run == report->run &&
                           !is_terminal(seen.transitions.back().status.state);
    return under_way ? Status(Done{}) : refuse("a report of a run that is not under way");
  }
  const auto* status = std::get_if<ProcessStatus>(&record);
  if (status == nullptr) return refuse("a runner's record in a coordinator's stream");
  if (status->process != seen.process) return refuse("a record of another process");
  const ProcessStatus* last = seen.transitions.empty() ? nullptr : &seen.transitions.back().status;
  if (last != nullptr && (status->seq <= last->seq || status->run < last->run)) {
    return refuse("record " + std::to_string(status->seq) + " behind record " +
                  std::to_string(last->seq));
  }
  const bool same_run = last != nullptr && last->run == status->run;
  const bool legal =
      same_run ? may_follow(last->state, status->state) : status->state == ProcessState::Forked;
  if (legal) return Done{};
  return refuse("record " + std::to_string(status->seq) + ": " +
                std::string(name_of(status->state)) + " can't follow " +
                (same_run ? std::string(name_of(last->state)) : "another run"));
}

}  // namespace

StreamReading check_stream(const std::string& path, bool ours,
                           const std::function<Status(const Record&, std::size_t offset)>& take) {
  StreamReading reading;
  reading.path = path;
  const Descriptor fd = open_checked(reading);
  if (!fd) return reading;
  const auto count = [&](const Record& record) {
    // The first record comes after the header, which was read with it.
    Status taken = take(record, std::max(reading.position.offset, kStreamHeaderBytes));
    if (taken) ++reading.records;
    return taken;
  };
  auto end = read_stream(fd.get(), path, reading.position, count);
  const auto locked = stream_is_locked(path);
  reading.locked = locked && *locked && !ours;
  if (end && *end == StreamEnd::Torn && !reading.locked) {
    // The writer may have finished between the read and the test of the lock.
    end = read_stream(fd.get(), path, reading.position, count);
    reading.torn = end && *end == StreamEnd::Torn;
  }
  if (!end) find_fault(reading, end.error());
  struct stat info {};
  if (reading.torn && fstat(fd.get(), &info) == 0) {
    find_torn_tail(reading, static_cast<std::size_t>(info.st_size));
  }
  return reading;
}

CoordinatorReading check_coordinator_stream(const std::string& path, std::string process) {
  CoordinatorReading reading;
  reading.process = std::move(process);
  bool first = true;
  reading.stream = check_stream(path, false, [&](const Record& record, std::size_t offset) {
    Status good = check_next(reading, std::exchange(first, false), record);
    const auto* status = std::get_if<ProcessStatus>(&record);
    if (!good || status == nullptr) return good;
    SeenTransition& seen = reading.transitions.emplace_back();
    seen.status = *status;
    seen.offset = offset;
    seen.status.process = seen.status.reason = {};
    return good;
  });
  return reading;
}

}  // namespace thermos
