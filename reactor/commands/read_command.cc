#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "reactor/cli/output.h"
#include "reactor/commands/commands.h"
#include "reactor/os/errors.h"
#include "reactor/show/record_text.h"
#include "reactor/store/ancestor_stream.h"
#include "reactor/store/history_json.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

constexpr std::string_view kReadHelp = R"(Usage: thermos read [OPTIONS] CHECKPOINT

Prints a checkpoint stream, a runner's or a coordinator's, one record a line.
One of Apache Thermos is read, too, and never written.

  --simple          sequence number, state, process and run only
  --json            the state that a runner's stream gives, as `status --json`;
                    the records of a coordinator's stream as an array
  --root D, --log-level L, --no-color: see `thermos --help`

Exit status: 0 (also with a torn record at the end, which stderr tells), 65 a
corrupt stream, 66 no such file.
)";

Result<Descriptor> open_given(const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not block. It has no effect on a regular file.
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return system_error(path, errno);
  if (auto file = check_is_file(fd.get(), path); !file) return file.error();
  return fd;
}

// Builds the --json output of a stream, record by record.
class Fold {
 public:
  Status take(const Record& record) {
    const auto* status = std::get_if<ProcessStatus>(&record);
    const bool summary = std::holds_alternative<ProcessSummary>(record);
    // A runner's stream starts with its header. A coordinator's has only transitions and reports,
    // and, if it was started anew, a summary before them.
    const bool begins = first_;
    if (first_) coordinator_ = status != nullptr || summary;
    first_ = false;
    if (coordinator_ && status != nullptr) {
      records_.push_back(status_json(*status));
      return Done{};
    }
    if (coordinator_ && summary && begins) return Done{};
    if (coordinator_ && std::holds_alternative<ProcessReport>(record)) {
      records_.push_back(record_json(record));
      return Done{};
    }
    if (coordinator_)
      return Error{ErrorCode::Corrupt, "a runner's record in a coordinator's stream"};
    const auto applied = history_.apply(record);
    return applied ? Status(Done{}) : Status(applied.error());
  }

  // `runner` says whether an empty stream is treated as a runner's.
  Json json(bool runner) const {
    if (first_ ? !runner : coordinator_) return records_;
    return history_json(history_);
  }

 private:
  bool first_ = true;
  bool coordinator_ = false;
  History history_;
  Json records_ = Json::array();
};

// Builds the --json output of a stream of Apache Thermos.
class AncestorFold {
 public:
  // `plain` is the same record in this program's form.
  Status take(const ancestor::Record& record, const Record& plain) {
    const auto* step = std::get_if<ancestor::ProcessStep>(&record);
    if (first_) coordinator_ = step != nullptr;
    first_ = false;
    if (!coordinator_) return past_.take(record);
    if (step == nullptr) {
      return Error{ErrorCode::Corrupt, "a runner's record in a coordinator's stream"};
    }
    records_.push_back(status_json(std::get<ProcessStatus>(plain)));
    return past_.take_from_coordinator(*step);
  }

  Result<Json> json() const {
    if (coordinator_) return records_;
    const Result<History> history = past_.finish({});
    if (!history) return history.error();
    return history_json(*history);
  }

 private:
  bool first_ = true;
  bool coordinator_ = false;
  ancestor::AncestorHistory past_;
  Json records_ = Json::array();
};

struct Printing {
  bool simple = false;
  bool json = false;
};

void print_record(const Record& record, const Printing& how, Output& out) {
  if (how.json) return;
  std::string line = how.simple ? simple_record_text(record) : record_text(record);
  if (!line.empty()) out.print(line.append("\n"));
}

void tell_torn(const std::string& path, std::size_t offset) {
  print_error(path + ": ends inside a record, behind offset " + std::to_string(offset) +
              ": a write under way, or one that a crash cut short");
}

CommandOutcome print_stream(int fd, const std::string& path, const Printing& how) {
  Output out(STDOUT_FILENO);
  Fold fold;
  StreamPosition position;
  // Applied for every output format, because records that cannot follow one another are corrupt
  // too.
  const Result<StreamEnd> end =
      read_stream(fd, path, position, [&](const Record& record) -> Status {
        print_record(record, how, out);
        return fold.take(record);
      });
  if (!end) return end.error();
  if (how.json) out.print(json_text(fold.json(std::filesystem::path(path).filename() == "runner")));
  if (*end == StreamEnd::Torn) tell_torn(path, position.offset);
  return finish_output(out);
}

CommandOutcome print_ancestor_stream(int fd, const std::string& path, const Printing& how) {
  Output out(STDOUT_FILENO);
  AncestorFold fold;
  ancestor::Listing listing;
  const Result<AncestorEnd> end =
      read_ancestor_stream(fd, path, [&](const ancestor::Record& record) -> Status {
        const Record plain = listing.plain(record);
        print_record(plain, how, out);
        return fold.take(record, plain);
      });
  if (!end) return end.error();
  if (how.json) {
    const Result<Json> json = fold.json();
    if (!json) return json.error();
    out.print(json_text(*json));
  }
  if (end->end == StreamEnd::Torn) tell_torn(path, end->offset);
  return finish_output(out);
}

}  // namespace

CommandOutcome read_command(const Arguments& arguments, CommonOptions common) {
  bool simple = false;
  bool json = false;
  OptionParser parser("read", kReadHelp, common);
  parser.flag("--simple", simple);
  parser.flag("--json", json);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& files = **parsed;
  if (files.size() != 1) {
    return Error{ErrorCode::Usage,
                 files.empty()
                     ? "read: CHECKPOINT is missing"
                     : "read: takes one CHECKPOINT; unexpected argument '" + files[1] + "'"};
  }
  if (simple && json)
    return Error{ErrorCode::Usage, "read: --simple and --json cannot be combined"};

  const std::string& path = files.front();
  const Result<Descriptor> stream = open_given(path);
  if (!stream) return stream.error();
  const Result<bool> theirs = is_ancestor_stream(stream->get(), path);
  if (!theirs) return theirs.error();
  return *theirs ? print_ancestor_stream(stream->get(), path, {simple, json})
                 : print_stream(stream->get(), path, {simple, json});
}

}  // namespace thermos
