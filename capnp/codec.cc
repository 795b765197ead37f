#include "capnp/codec.h"

#include <capnp/any.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "capnp/flat.h"
#include "capnp/flat_process.h"
#include "checkpoint.capnp.h"
#include "core/base/utf8.h"

namespace thermos {
namespace {

// The enumerators have the same order on both sides; a change on one side must break the build.
static_assert(static_cast<int>(disk::ProcessState::LOST) == static_cast<int>(ProcessState::Lost));
static_assert(static_cast<int>(disk::TaskState::LOST) == static_cast<int>(TaskState::Lost));
static_assert(static_cast<int>(disk::Origin::NODE_GONE) == static_cast<int>(Origin::NodeGone));
static_assert(static_cast<int>(disk::Verb::FAIL) == static_cast<int>(Verb::Fail));
static_assert(static_cast<int>(disk::ReportKind::PLACED) == static_cast<int>(ReportKind::Placed));

std::string_view view_of(capnp::Text::Reader text) {
  return {text.begin(), text.size()};
}
std::string_view view_of(std::string_view text) {
  return text;
}
std::string string_of(capnp::Text::Reader text) {
  return {text.begin(), text.size()};
}
// Writes a text with init and a copy. The setter needs a NUL behind the text, which a view does not
// have, and cuts a std::string at its first NUL.
unsigned size_of(std::string_view text) {
  return static_cast<unsigned>(text.size());
}
void put(capnp::Text::Builder to, std::string_view text) {
  std::copy(text.begin(), text.end(), to.begin());
}

// Cuts between two characters, so that the rest is still UTF-8.
std::string_view cut_reason(std::string_view reason) {
  return reason.substr(0, utf8_boundary(reason, kMaxReasonBytes));
}

// ---- writing -----------------------------------------------------------------------------------

// Only the ends of runs have a usage. All other records are written without its words, so that they
// stay short.
constexpr StructSize kRecord{10, 2};
constexpr StructSize kRecordWithUsage{13, 2};
static_assert(capnp::sizeInWords<disk::Record>() == 13 + 2);

template <typename T>
StructSize size_of_record(const T& /*record*/) {
  return kRecord;
}
StructSize size_of_record(const ProcessStatus& status) {
  return status.usage == Usage() ? kRecord : kRecordWithUsage;
}

std::size_t words_of(const ProcessStatus& status) {
  return 1 + size_of_record(status).words() + text_words(status.process) +
         text_words(cut_reason(status.reason));
}

std::size_t words_of(const TaskStatus& status) {
  return 1 + kRecord.words() + text_words(cut_reason(status.reason));
}

std::size_t words_of(const RunnerHeader& header) {
  std::size_t words = 1 + kRecord.words() + capnp::sizeInWords<disk::RunnerHeader>();
  for (const auto* text : {&header.task_id, &header.sandbox, &header.log_dir, &header.hostname,
                           &header.user, &header.continues}) {
    words += text_words(*text);
  }
  words += 1 + header.ports.size() * capnp::sizeInWords<disk::RunnerHeader::Port>();
  for (const auto& [name, number] : header.ports) words += text_words(name);
  if (!header.trace_parent.empty()) words += text_words(header.trace_parent);
  return words;
}

std::size_t words_of(const ProcessSummary& summary) {
  return 1 + kRecord.words() + capnp::sizeInWords<disk::ProcessSummary>() +
         text_words(summary.process);
}

std::size_t words_of(const ProcessOrder& order) {
  return 1 + kRecord.words() + capnp::sizeInWords<disk::ProcessOrder>() +
         text_words(order.process) + text_words(cut_reason(order.reason));
}

std::size_t words_of(const ProcessReport& report) {
  return 1 + kRecord.words() + capnp::sizeInWords<disk::ProcessReport>() +
         text_words(report.process) + text_words(cut_reason(report.text));
}

std::size_t words_of(const std::vector<std::string>& names) {
  std::size_t words = 1 + names.size();
  for (const std::string& name : names) words += text_words(name);
  return words;
}

std::size_t words_of(const Replacement& replacement) {
  return 1 + kRecord.words() + capnp::sizeInWords<disk::Replacement>() +
         text_words(cut_reason(replacement.reason)) + words_of(replacement.changed) +
         words_of(replacement.added) + words_of(replacement.removed);
}

std::size_t words_of(const Leadership& place) {
  return 1 + kRecord.words() + capnp::sizeInWords<disk::Leadership>() + text_words(place.hostname) +
         text_words(place.engine) + text_words(place.job) + text_words(cut_reason(place.decision));
}

std::size_t words_of(const NodeChange& change) {
  return 1 + capnp::sizeInWords<disk::Record>() + capnp::sizeInWords<disk::NodeChange>() +
         text_words(change.node) + text_words(cut_reason(change.reason));
}

void fill(disk::Record::Builder record, const ProcessStatus& status) {
  auto out = record.initProcess();
  put(out.initProcess(size_of(status.process)), status.process);
  out.setSeq(status.seq);
  out.setRun(status.run);
  out.setState(static_cast<disk::ProcessState>(status.state));
  out.setOrigin(static_cast<disk::Origin>(status.origin));
  out.setPid(status.identity.pid);
  out.setTicks(status.identity.ticks);
  out.setWall(status.at.wall);
  out.setBoot(status.at.boot);
  out.setReturnCode(status.return_code.value_or(disk::NO_RETURN_CODE));
  out.setBootHigh(status.boot.high);
  out.setBootLow(status.boot.low);
  out.setFailures(status.failures);
  if (status.usage != Usage()) {
    out.setCpuUser(status.usage.user);
    out.setCpuSystem(status.usage.system);
    out.setPeakMemory(status.usage.peak);
  }
  const std::string_view reason = cut_reason(status.reason);
  if (!reason.empty()) put(out.initReason(size_of(reason)), reason);
}

void fill(disk::Record::Builder record, const TaskStatus& status) {
  auto out = record.initTask();
  out.setState(static_cast<disk::TaskState>(status.state));
  out.setGoal(static_cast<disk::TaskState>(status.goal));
  out.setWall(status.at.wall);
  out.setBoot(status.at.boot);
  out.setRunnerPid(status.runner_pid);
  out.setRunnerUid(status.runner_uid);
  out.setBootHigh(status.boot.high);
  out.setBootLow(status.boot.low);
  out.setDeadlineWall(status.deadline.wall);
  out.setDeadlineBoot(status.deadline.boot);
  out.setShortage(static_cast<std::uint8_t>(status.shortage));
  out.setShortageOver(status.shortage_over);
  const std::string_view reason = cut_reason(status.reason);
  if (!reason.empty()) put(out.initReason(size_of(reason)), reason);
}

// Makes a header with only the pointers up to the last one that is used; the library would make one
// as large as the whole schema. So a header that uses no later field has the same bytes as one from
// an earlier version. Fields beyond its end must not be set.
disk::RunnerHeader::Builder init_header(disk::Record::Builder record, const RunnerHeader& header) {
  static_assert(static_cast<int>(disk::Record::HEADER) == 0);  // so that there is no tag to set
  constexpr std::uint16_t kData = 3;
  constexpr std::uint16_t kFirstPointers = 6;
  std::uint16_t pointers = kFirstPointers;
  if (!header.continues.empty()) pointers = kFirstPointers + 1;
  if (!header.trace_parent.empty()) pointers = kFirstPointers + 2;
  return capnp::AnyStruct::Builder(disk::Record::Builder(record))
      .getPointerSection()[0]
      .initAsAnyStruct(kData, pointers)
      .as<disk::RunnerHeader>();
}

void fill(disk::Record::Builder record, const RunnerHeader& header) {
  auto out = init_header(record, header);
  put(out.initTaskId(size_of(header.task_id)), header.task_id);
  put(out.initSandbox(size_of(header.sandbox)), header.sandbox);
  put(out.initLogDir(size_of(header.log_dir)), header.log_dir);
  put(out.initHostname(size_of(header.hostname)), header.hostname);
  put(out.initUser(size_of(header.user)), header.user);
  out.setUid(header.uid);
  out.setLaunchTime(header.launch_time);
  out.setChroot(header.chroot);
  out.setKeepLogs(header.keep_logs);
  auto ports = out.initPorts(static_cast<unsigned>(header.ports.size()));
  unsigned i = 0;
  for (const auto& [name, number] : header.ports) {
    put(ports[i].initName(size_of(name)), name);
    ports[i].setNumber(number);
    ++i;
  }
  const std::string& before = header.continues;
  if (!before.empty()) put(out.initContinues(size_of(before)), before);
  const std::string& parent = header.trace_parent;
  if (!parent.empty()) put(out.initTraceParent(size_of(parent)), parent);
}

void fill(disk::Record::Builder record, const ProcessSummary& summary) {
  auto out = record.initSummary();
  put(out.initProcess(size_of(summary.process)), summary.process);
  out.setNextSeq(summary.next_seq);
  out.setNextRun(summary.next_run);
  out.setSuccess(summary.totals.success);
  out.setFailed(summary.totals.failed);
  out.setKilled(summary.totals.killed);
  out.setLost(summary.totals.lost);
  out.setOrdered(summary.totals.ordered);
  out.setForgivenRuns(summary.forgiven.runs);
  out.setForgivenFailed(summary.forgiven.failed);
  out.setForgivenKilled(summary.forgiven.killed);
  out.setForgivenSuccess(summary.forgiven.success);
  out.setRedefined(summary.redefined);
  out.setEndWall(summary.last_end.wall);
  out.setEndBoot(summary.last_end.boot);
  out.setBootHigh(summary.boot.high);
  out.setBootLow(summary.boot.low);
  out.setFailures(summary.failures);
  out.setWasReady(summary.was_ready);
  out.setFirstFailed(summary.first_failed.value_or(disk::NO_RUN));
  out.setStarted(summary.started);
  out.setCpuUser(summary.used.user);
  out.setCpuSystem(summary.used.system);
  out.setPeakMemory(summary.used.peak);
}

void fill(disk::Record::Builder record, const ProcessOrder& order) {
  auto out = record.initOrder();
  put(out.initProcess(size_of(order.process)), order.process);
  out.setVerb(static_cast<disk::Verb>(order.verb));
  out.setWall(order.at.wall);
  out.setBoot(order.at.boot);
  out.setDeadlineWall(order.deadline.wall);
  out.setDeadlineBoot(order.deadline.boot);
  out.setRevives(order.revives);
  out.setRedefines(order.redefines);
  out.setYields(order.yields);
  const std::string_view reason = cut_reason(order.reason);
  if (!reason.empty()) put(out.initReason(size_of(reason)), reason);
}

void fill(disk::Record::Builder record, const ProcessReport& report) {
  auto out = record.initReport();
  put(out.initProcess(size_of(report.process)), report.process);
  out.setRun(report.run);
  out.setKind(static_cast<disk::ReportKind>(report.kind));
  out.setWall(report.at.wall);
  out.setBoot(report.at.boot);
  out.setUntilBoot(report.until);
  const std::string_view text = cut_reason(report.text);
  if (!text.empty()) put(out.initText(size_of(text)), text);
}

void fill(capnp::List<capnp::Text>::Builder out, const std::vector<std::string>& names) {
  for (unsigned i = 0; i < out.size(); ++i) put(out.init(i, size_of(names[i])), names[i]);
}

void fill(disk::Record::Builder record, const Replacement& replacement) {
  auto out = record.initReplacement();
  out.setGeneration(replacement.generation);
  out.setWall(replacement.at.wall);
  out.setBoot(replacement.at.boot);
  const std::string_view reason = cut_reason(replacement.reason);
  if (!reason.empty()) put(out.initReason(size_of(reason)), reason);
  const auto count = [](const auto& names) { return static_cast<unsigned>(names.size()); };
  fill(out.initChanged(count(replacement.changed)), replacement.changed);
  fill(out.initAdded(count(replacement.added)), replacement.added);
  fill(out.initRemoved(count(replacement.removed)), replacement.removed);
}

void fill(disk::Record::Builder record, const Leadership& place) {
  auto out = record.initLeadership();
  out.setWall(place.at.wall);
  out.setBoot(place.at.boot);
  out.setBootHigh(place.boot.high);
  out.setBootLow(place.boot.low);
  out.setRestarts(place.restarts);
  out.setUntilWall(place.until);
  out.setYields(place.yields);
  out.setLead(place.lead);
  if (!place.hostname.empty()) put(out.initHostname(size_of(place.hostname)), place.hostname);
  if (!place.engine.empty()) put(out.initEngine(size_of(place.engine)), place.engine);
  if (!place.job.empty()) put(out.initJob(size_of(place.job)), place.job);
  const std::string_view decision = cut_reason(place.decision);
  if (!decision.empty()) put(out.initDecision(size_of(decision)), decision);
}

void fill(disk::Record::Builder record, const NodeChange& change) {
  auto out = record.initNode();
  put(out.initNode(size_of(change.node)), change.node);
  out.setGone(change.gone);
  out.setWall(change.at.wall);
  out.setBoot(change.at.boot);
  const std::string_view reason = cut_reason(change.reason);
  if (!reason.empty()) put(out.initReason(size_of(reason)), reason);
}

// Writes one frame at the start of `room` and returns its size. Nothing in here may throw or
// allocate, because coordinators use it; the library does neither if the room suffices. So the
// caller counts first: `room` has at least words_of() words.
template <typename T>
std::size_t write_frame(const T& part, std::uint32_t& chain, std::span<std::byte> room,
                        std::uint64_t position = 0) {
  const auto put_record = [&](disk::Record::Builder record) {
    record.setPosition(position);
    fill(record, part);
  };
  const std::size_t length = write_flat<disk::Record>(
      room.subspan(kFrameHeaderBytes), words_of(part), put_record, size_of_record(part));
  chain = seal_frame(chain, room, length);
  return frame_size(length);
}

template <typename T>
std::size_t frame_room(const T& part) {
  return frame_size(kSegmentTableBytes + words_of(part) * sizeof(capnp::word));
}

// ---- reading -----------------------------------------------------------------------------------

Error corrupt(std::string what) {
  return {ErrorCode::Corrupt, std::move(what)};
}

Error unknown(const char* what, std::uint16_t value) {
  return corrupt(std::string("unknown ") + what + " " + std::to_string(value) +
                 "; was this written by a newer version?");
}

std::int64_t known_or_less(std::int64_t value) {
  return std::max<std::int64_t>(value, disk::NOT_KNOWN);
}

// `In`: the library's reader, or FlatProcess. After an error `status` means nothing.
template <typename In>
Status read_process(const In& in, ProcessStatus& status) {
  const auto state = static_cast<std::uint16_t>(in.getState());
  const auto origin = static_cast<std::uint16_t>(in.getOrigin());
  if (state >= kProcessStates) return unknown("process state", state);
  if (origin >= kOrigins) return unknown("origin of a process state", origin);
  status.process = view_of(in.getProcess());
  if (status.process.empty()) return corrupt("a process record without a process name");
  status.seq = in.getSeq();
  status.run = in.getRun();
  status.state = static_cast<ProcessState>(state);
  status.origin = static_cast<Origin>(origin);
  status.identity = {in.getPid(), in.getTicks()};
  status.boot = {in.getBootHigh(), in.getBootLow()};
  status.at = {in.getWall(), in.getBoot()};
  status.return_code.reset();
  const std::int32_t code = in.getReturnCode();
  if (code != disk::NO_RETURN_CODE) status.return_code = code;
  status.failures = in.getFailures();
  status.usage = {known_or_less(in.getCpuUser()), known_or_less(in.getCpuSystem()),
                  known_or_less(in.getPeakMemory())};
  status.reason = view_of(in.getReason());
  return Done{};
}

Result<Record> read(disk::Record::Process::Reader in) {
  ProcessStatus status;
  if (const Status good = read_process(in, status); !good) return good.error();
  return Record(status);
}

Result<Record> read(disk::Record::Task::Reader in) {
  const auto state = static_cast<std::uint16_t>(in.getState());
  const auto goal = static_cast<std::uint16_t>(in.getGoal());
  if (state >= kTaskStates) return unknown("task state", state);
  if (goal >= kTaskStates) return unknown("task state", goal);
  TaskStatus status;
  status.state = static_cast<TaskState>(state);
  status.goal = static_cast<TaskState>(goal);
  status.at = {in.getWall(), in.getBoot()};
  status.runner_pid = in.getRunnerPid();
  status.runner_uid = in.getRunnerUid();
  status.boot = {in.getBootHigh(), in.getBootLow()};
  status.deadline = {in.getDeadlineWall(), in.getDeadlineBoot()};
  // A kind of shortage that only a later version knows is read as the last one: the kind decides
  // nothing.
  const auto shortage = std::min<std::uint8_t>(in.getShortage(), kShortages - 1);
  status.shortage = static_cast<Shortage>(shortage);
  status.shortage_over = in.getShortageOver();
  status.reason = view_of(in.getReason());
  return Record(status);
}

Result<Record> read(disk::RunnerHeader::Reader in) {
  RunnerHeader header;
  header.task_id = string_of(in.getTaskId());
  if (header.task_id.empty()) return corrupt("a runner's header without a task id");
  header.sandbox = string_of(in.getSandbox());
  header.log_dir = string_of(in.getLogDir());
  header.hostname = string_of(in.getHostname());
  header.user = string_of(in.getUser());
  header.uid = in.getUid();
  header.launch_time = in.getLaunchTime();
  header.chroot = in.getChroot();
  header.keep_logs = in.getKeepLogs();
  header.continues = string_of(in.getContinues());
  header.trace_parent = string_of(in.getTraceParent());
  for (const auto port : in.getPorts()) {
    if (!header.ports.emplace(string_of(port.getName()), port.getNumber()).second) {
      return corrupt("a runner's header with the port \"" + string_of(port.getName()) + "\" twice");
    }
  }
  return Record(std::move(header));
}

Result<Record> read(disk::ProcessSummary::Reader in) {
  ProcessSummary summary;
  summary.process = view_of(in.getProcess());
  if (summary.process.empty()) return corrupt("a summary without a process name");
  summary.next_seq = in.getNextSeq();
  summary.next_run = in.getNextRun();
  summary.totals = {in.getSuccess(), in.getFailed(), in.getKilled(), in.getLost(), in.getOrdered()};
  summary.forgiven = {in.getForgivenRuns(), in.getForgivenFailed(), in.getForgivenKilled(),
                      in.getForgivenSuccess()};
  summary.redefined = in.getRedefined();
  summary.last_end = {in.getEndWall(), in.getEndBoot()};
  summary.boot = {in.getBootHigh(), in.getBootLow()};
  summary.failures = in.getFailures();
  summary.was_ready = in.getWasReady();
  if (in.getFirstFailed() != disk::NO_RUN) summary.first_failed = in.getFirstFailed();
  summary.started = in.getStarted();
  summary.used = {in.getCpuUser(), in.getCpuSystem(), in.getPeakMemory()};
  return Record(summary);
}

Result<Record> read(disk::ProcessOrder::Reader in) {
  ProcessOrder order;
  order.process = view_of(in.getProcess());
  if (order.process.empty()) return corrupt("an order without a process name");
  const auto verb = static_cast<std::uint16_t>(in.getVerb());
  if (verb >= kVerbs) return unknown("order", verb);
  order.verb = static_cast<Verb>(verb);
  order.at = {in.getWall(), in.getBoot()};
  order.deadline = {in.getDeadlineWall(), in.getDeadlineBoot()};
  order.reason = view_of(in.getReason());
  order.revives = in.getRevives();
  order.redefines = in.getRedefines();
  order.yields = in.getYields();
  return Record(order);
}

Result<Record> read(disk::ProcessReport::Reader in) {
  ProcessReport report;
  report.process = view_of(in.getProcess());
  if (report.process.empty()) return corrupt("a report without a process name");
  const auto kind = static_cast<std::uint16_t>(in.getKind());
  if (kind >= kReportKinds) return unknown("report", kind);
  report.run = in.getRun();
  report.kind = static_cast<ReportKind>(kind);
  report.at = {in.getWall(), in.getBoot()};
  report.text = view_of(in.getText());
  report.until = in.getUntilBoot();
  return Record(report);
}

std::vector<std::string> names_of(capnp::List<capnp::Text>::Reader in) {
  std::vector<std::string> names;
  names.reserve(in.size());
  for (const auto name : in) names.push_back(string_of(name));
  return names;
}

Result<Record> read(disk::Replacement::Reader in) {
  Replacement replacement;
  replacement.generation = in.getGeneration();
  if (replacement.generation == 0) return corrupt("a replacement without a number");
  replacement.at = {in.getWall(), in.getBoot()};
  replacement.reason = string_of(in.getReason());
  replacement.changed = names_of(in.getChanged());
  replacement.added = names_of(in.getAdded());
  replacement.removed = names_of(in.getRemoved());
  for (const auto* names : {&replacement.changed, &replacement.added, &replacement.removed}) {
    for (const std::string& name : *names) {
      if (name.empty()) return corrupt("a replacement of a process without a name");
    }
  }
  return Record(std::move(replacement));
}

Result<Record> read(disk::Leadership::Reader in) {
  Leadership place;
  place.at = {in.getWall(), in.getBoot()};
  place.boot = {in.getBootHigh(), in.getBootLow()};
  place.hostname = string_of(in.getHostname());
  place.engine = string_of(in.getEngine());
  place.job = string_of(in.getJob());
  place.restarts = in.getRestarts();
  place.until = in.getUntilWall();
  place.yields = in.getYields();
  place.lead = in.getLead();
  place.decision = string_of(in.getDecision());
  return Record(std::move(place));
}

Result<Record> read(disk::NodeChange::Reader in) {
  NodeChange change;
  change.node = string_of(in.getNode());
  if (change.node.empty()) return corrupt("a change of a node without a name");
  change.gone = in.getGone();
  change.at = {in.getWall(), in.getBoot()};
  change.reason = string_of(in.getReason());
  return Record(std::move(change));
}

Result<Record> read(disk::Record::Reader record) {
  switch (record.which()) {
    case disk::Record::HEADER:
      return read(record.getHeader());
    case disk::Record::TASK:
      return read(record.getTask());
    case disk::Record::PROCESS:
      return read(record.getProcess());
    case disk::Record::SUMMARY:
      return read(record.getSummary());
    case disk::Record::ORDER:
      return read(record.getOrder());
    case disk::Record::REPORT:
      return read(record.getReport());
    case disk::Record::REPLACEMENT:
      return read(record.getReplacement());
    case disk::Record::LEADERSHIP:
      return read(record.getLeadership());
    case disk::Record::NODE:
      return read(record.getNode());
  }
  return unknown("kind of record", static_cast<std::uint16_t>(record.which()));
}

}  // namespace

std::size_t encode_frame(const ProcessStatus& status, std::uint32_t& chain,
                         std::span<std::byte> out) {
  if (frame_room(status) > out.size()) return 0;
  return write_frame(status, chain, out);
}

std::size_t encode_frame(const ProcessReport& report, std::uint32_t& chain,
                         std::span<std::byte> out) {
  if (frame_room(report) > out.size()) return 0;
  return write_frame(report, chain, out);
}

bool append_frame(const Record& record, std::uint32_t& chain, std::vector<std::byte>& out,
                  std::uint64_t position) {
  return std::visit(
      [&](const auto& part) {
        const std::size_t room = frame_room(part);
        if (room > frame_size(kMaxPayloadBytes)) return false;
        const std::size_t before = out.size();
        out.resize(before + room);
        const std::size_t used = write_frame(part, chain, std::span(out).subspan(before), position);
        out.resize(before + used);
        return true;
      },
      record);
}

std::uint64_t position_of(Bytes payload) {
  std::uint64_t position = 0;
  read_flat<disk::Record>(payload,
                          [&](disk::Record::Reader record) { position = record.getPosition(); });
  return position;
}

Result<Record> decode(Bytes payload) {
  Result<Record> answer{Record(ProcessStatus())};
  if (const Status decoded = decode(payload, *answer); !decoded) answer = decoded.error();
  return answer;
}

Status decode(Bytes payload, Record& record) {
  auto* status = std::get_if<ProcessStatus>(&record);
  if (status == nullptr) status = &record.emplace<ProcessStatus>();
  if (const auto flat = FlatProcess::find(payload)) return read_process(*flat, *status);
  std::optional<Result<Record>> answer;
  const char* fault = read_flat<disk::Record>(
      payload, [&](disk::Record::Reader root) { answer.emplace(read(root)); });
  if (fault != nullptr) return corrupt(std::string("not a record: ") + fault);
  if (!*answer) return answer->error();
  record = std::move(**answer);
  return Done{};
}

}  // namespace thermos
