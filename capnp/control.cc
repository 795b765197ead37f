#include "capnp/control.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <cstring>

#include "capnp/flat.h"
#include "control.capnp.h"

namespace thermos::control {
namespace {

static_assert(static_cast<int>(wire::Order::Verb::RESTART) == static_cast<int>(Verb::Restart));

std::vector<std::string> texts_of(capnp::List<capnp::Text>::Reader in) {
  std::vector<std::string> texts;
  for (const auto text : in) texts.emplace_back(text.begin(), text.size());
  return texts;
}

std::string string_of(capnp::Text::Reader text) {
  return {text.begin(), text.size()};
}

// On the wire a wait that was not given is negative.
std::int64_t wire_wait(const std::optional<Microseconds>& wait) {
  return wait.value_or(-1);
}

std::optional<Microseconds> given_wait(std::int64_t wait) {
  return wait < 0 ? std::nullopt : std::optional<Microseconds>(wait);
}

unsigned count(std::size_t size) {
  return static_cast<unsigned>(size);
}

// ---- requests ----------------------------------------------------------------------------------

void fill(wire::Request::Builder out, const AskVersion& /*body*/) {
  out.setVersion();
}

void fill(wire::Request::Builder out, const Submit& body) {
  auto submit = out.initSubmit();
  submit.setTaskId(body.task_id);
  submit.setConfig(body.config);
  submit.setSandbox(body.sandbox);
  submit.setUser(body.user);
  submit.setChroot(body.chroot);
  submit.setReplace(body.replace);
  submit.setKeepLogsGiven(body.keep_logs.has_value());
  if (body.keep_logs) submit.setKeepLogs(*body.keep_logs);
  auto ports = submit.initPorts(count(body.ports.size()));
  unsigned i = 0;
  for (const auto& [name, number] : body.ports) {
    ports[i].setName(name);
    ports[i].setNumber(number);
    ++i;
  }
  if (!body.trace_parent.empty()) submit.setTraceParent(body.trace_parent);
}

void fill(wire::Tasks::Builder tasks, const TaskQuery& body) {
  fill_texts(tasks.initPatterns(count(body.patterns.size())), body.patterns);
  tasks.setActive(body.active);
  tasks.setFinished(body.finished);
}

void fill(wire::Request::Builder out, const AskStatus& body) {
  fill(out.initStatus(), body);
}
void fill(wire::Request::Builder out, const AskList& body) {
  fill(out.initList(), body);
}

void fill(wire::Request::Builder out, const AskKill& body) {
  auto kill = out.initKill();
  fill_texts(kill.initPatterns(count(body.patterns.size())), body.patterns);
  kill.setWait(wire_wait(body.request.wait));
  kill.setLose(body.request.lose);
}

void fill(wire::Request::Builder out, const AskWait& body) {
  auto wait = out.initWait();
  wait.setTaskId(body.task_id);
  wait.setTimeout(body.timeout);
}

void fill(wire::Request::Builder out, const Subscribe& body) {
  auto subscribe = out.initSubscribe();
  fill_texts(subscribe.initPatterns(count(body.patterns.size())), body.patterns);
  subscribe.setSince(body.since);
  subscribe.setFollow(body.follow);
}

void fill(wire::Request::Builder out, const AskOrder& body) {
  auto order = out.initOrder();
  order.setTaskId(body.task_id);
  // A receiver of version 1 knows only this field, for one name.
  order.setProcess(body.processes.size() == 1 ? body.processes.front() : body.request.process);
  order.setVerb(static_cast<wire::Order::Verb>(body.request.verb));
  order.setWait(wire_wait(body.request.wait));
  fill_texts(order.initProcesses(static_cast<unsigned>(body.processes.size())), body.processes);
}

void fill(wire::Request::Builder out, const AskDrain& body) {
  out.initDrain().setWait(wire_wait(body.wait));
}

void fill(wire::Request::Builder out, const AskPools& /*body*/) {
  out.setPools();
}
void fill(wire::Request::Builder out, const AskMetrics& /*body*/) {
  out.setMetrics();
}
void fill(wire::Request::Builder out, const AskNode& body) {
  auto call = out.initNode();
  call.setNode(body.node);
  call.setGone(body.gone);
}

Submit submit_of(wire::Submit::Reader in) {
  Submit body;
  body.task_id = string_of(in.getTaskId());
  body.config = string_of(in.getConfig());
  body.sandbox = string_of(in.getSandbox());
  body.user = string_of(in.getUser());
  body.chroot = in.getChroot();
  body.replace = in.getReplace();
  if (in.getKeepLogsGiven()) body.keep_logs = in.getKeepLogs();
  for (const auto port : in.getPorts()) body.ports[string_of(port.getName())] = port.getNumber();
  body.trace_parent = string_of(in.getTraceParent());
  return body;
}

template <typename Query>
Query query_of(wire::Tasks::Reader in) {
  Query query;
  query.patterns = texts_of(in.getPatterns());
  query.active = in.getActive();
  query.finished = in.getFinished();
  return query;
}

// Returns false if this version does not know the verb.
bool read(wire::Order::Reader in, RequestBody& body) {
  const auto verb = static_cast<std::uint16_t>(in.getVerb());
  if (verb >= kUserVerbs) return false;
  AskOrder order;
  order.task_id = string_of(in.getTaskId());
  order.processes = texts_of(in.getProcesses());
  if (order.processes.empty()) order.request.process = string_of(in.getProcess());
  order.request.verb = static_cast<Verb>(verb);
  order.request.wait = given_wait(in.getWait());
  body = std::move(order);
  return true;
}

// Returns false if this version does not know the kind.
bool read(wire::Request::Reader in, RequestBody& body) {
  switch (in.which()) {
    case wire::Request::VERSION:
      body = AskVersion{};
      return true;
    case wire::Request::SUBMIT:
      body = submit_of(in.getSubmit());
      return true;
    case wire::Request::KILL: {
      const auto kill = in.getKill();
      AskKill ask;
      ask.patterns = texts_of(kill.getPatterns());
      ask.request.wait = given_wait(kill.getWait());
      ask.request.lose = kill.getLose();
      body = std::move(ask);
      return true;
    }
    case wire::Request::STATUS:
      body = query_of<AskStatus>(in.getStatus());
      return true;
    case wire::Request::LIST:
      body = query_of<AskList>(in.getList());
      return true;
    case wire::Request::WAIT:
      body = AskWait{string_of(in.getWait().getTaskId()), in.getWait().getTimeout()};
      return true;
    case wire::Request::SUBSCRIBE: {
      const auto subscribe = in.getSubscribe();
      body =
          Subscribe{texts_of(subscribe.getPatterns()), subscribe.getSince(), subscribe.getFollow()};
      return true;
    }
    case wire::Request::ORDER:
      return read(in.getOrder(), body);
    case wire::Request::DRAIN:
      body = AskDrain{given_wait(in.getDrain().getWait())};
      return true;
    case wire::Request::POOLS:
      body = AskPools{};
      return true;
    case wire::Request::NODE:
      body = AskNode{string_of(in.getNode().getNode()), in.getNode().getGone()};
      return true;
    case wire::Request::METRICS:
      body = AskMetrics{};
      return true;
    default:
      return false;
  }
}

// ---- replies -----------------------------------------------------------------------------------

void fill(wire::Reply::Builder out, const Error& body) {
  auto failure = out.initFailure();
  failure.setCode(static_cast<std::uint16_t>(body.code));
  failure.setMessage(body.message);
}

void fill(wire::Reply::Builder out, const Version& body) {
  auto version = out.initVersion();
  version.setProgram(body.program);
  version.setProtocol(body.protocol);
  version.setPid(body.pid);
  version.setTasks(body.tasks);
  version.setRoot(body.root);
}

void fill(wire::Reply::Builder out, const Submitted& body) {
  out.setSubmitted(body.task_id);
}

void fill(wire::Reply::Builder out, const TaskEntry& body) {
  auto entry = out.initTask();
  entry.setTaskId(body.task_id);
  entry.setState(body.state);
}

void fill(wire::Reply::Builder out, const StatusText& body) {
  out.setStatus(body.json);
}

void fill(wire::Reply::Builder out, const Ended& body) {
  auto entry = out.initEnded();
  entry.setTaskId(body.task_id);
  entry.setState(body.state);
}

void fill(wire::Reply::Builder out, const Event& body) {
  auto event = out.initEvent();
  event.setPosition(body.position);
  event.setTaskId(body.task_id);
  event.setRecord(
      kj::arrayPtr(reinterpret_cast<const kj::byte*>(body.record.data()), body.record.size()));
}

void fill(wire::Reply::Builder out, const Snapshot& body) {
  out.setSnapshot(body.position);
}
void fill(wire::Reply::Builder out, const Finished& /*body*/) {
  out.setDone();
}
void fill(wire::Reply::Builder out, const Heard& /*body*/) {
  out.setHeard();
}
void fill(wire::Reply::Builder out, const PoolText& body) {
  out.setPool(body.json);
}
void fill(wire::Reply::Builder out, const MetricsReply& body) {
  out.setMetrics(body.text);
}

Event event_of(wire::Event::Reader in) {
  Event event;
  event.position = in.getPosition();
  event.task_id = string_of(in.getTaskId());
  const auto record = in.getRecord();
  event.record.resize(record.size());
  if (record.size() > 0) std::memcpy(event.record.data(), record.begin(), record.size());
  return event;
}

bool read(wire::Reply::Reader in, ReplyBody& body) {
  switch (in.which()) {
    case wire::Reply::FAILURE: {
      const std::uint16_t code = in.getFailure().getCode();
      const auto last = static_cast<std::uint16_t>(ErrorCode::System);
      body = Error{code <= last ? static_cast<ErrorCode>(code) : ErrorCode::System,
                   string_of(in.getFailure().getMessage())};
      return true;
    }
    case wire::Reply::VERSION: {
      const auto version = in.getVersion();
      body = Version{string_of(version.getProgram()), version.getProtocol(), version.getPid(),
                     version.getTasks(), string_of(version.getRoot())};
      return true;
    }
    case wire::Reply::SUBMITTED:
      body = Submitted{string_of(in.getSubmitted())};
      return true;
    case wire::Reply::TASK:
      body = TaskEntry{string_of(in.getTask().getTaskId()), string_of(in.getTask().getState())};
      return true;
    case wire::Reply::STATUS:
      body = StatusText{string_of(in.getStatus())};
      return true;
    case wire::Reply::ENDED:
      body = Ended{string_of(in.getEnded().getTaskId()), string_of(in.getEnded().getState())};
      return true;
    case wire::Reply::EVENT:
      body = event_of(in.getEvent());
      return true;
    case wire::Reply::SNAPSHOT:
      body = Snapshot{in.getSnapshot()};
      return true;
    case wire::Reply::DONE:
      body = Finished{};
      return true;
    case wire::Reply::HEARD:
      body = Heard{};
      return true;
    case wire::Reply::POOL:
      body = PoolText{string_of(in.getPool())};
      return true;
    case wire::Reply::METRICS:
      body = MetricsReply{string_of(in.getMetrics())};
      return true;
    default:
      return false;
  }
}

// ---- bytes -------------------------------------------------------------------------------------

// These messages are few and of any size, so they are built on the heap and then copied to one
// segment.
template <typename Root, typename Message, typename More>
Result<std::vector<std::byte>> encode_message(const Message& message, const More& more) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<Root>();
  root.setId(message.id);
  more(root);
  std::visit([&](const auto& body) { fill(root, body); }, message.body);
  const std::size_t words = root.asReader().totalSize().wordCount + 1;
  std::vector<std::byte> payload(kSegmentTableBytes + words * sizeof(capnp::word));
  if (payload.size() > kMaxPayloadBytes) {
    return Error{ErrorCode::Usage, "a message of " + std::to_string(payload.size()) +
                                       " bytes is longer than the protocol's " +
                                       std::to_string(kMaxPayloadBytes)};
  }
  auto* const segment = reinterpret_cast<capnp::word*>(payload.data() + kSegmentTableBytes);
  capnp::FlatMessageBuilder flat(kj::ArrayPtr<capnp::word>(segment, words));
  flat.setRoot(root.asReader());
  const std::size_t used = flat.getSegmentsForOutput()[0].size();
  for (std::size_t i = 0; i < 4; ++i) payload[4 + i] = static_cast<std::byte>(used >> (8 * i));
  payload.resize(kSegmentTableBytes + used * sizeof(capnp::word));
  return payload;
}

Error not_a(const char* what, const char* fault) {
  return {ErrorCode::Corrupt, std::string("not a ") + what + ": " + fault};
}

Error unknown_kind(const char* what) {
  return {ErrorCode::Usage,
          std::string("a ") + what + " of an unknown kind; was it sent by a newer version?"};
}

}  // namespace

Result<std::vector<std::byte>> encode(const Request& request) {
  std::uint32_t needs = request.needs;
  if (const auto* order = std::get_if<AskOrder>(&request.body)) {
    const bool one = !order->request.process.empty() || order->processes.size() == 1;
    needs = std::max(needs, one ? 1U : 2U);
  }
  const auto* submit = std::get_if<Submit>(&request.body);
  if (submit != nullptr && submit->replace) needs = std::max(needs, 3U);
  return encode_message<wire::Request>(
      request, [needs](wire::Request::Builder out) { out.setNeeds(needs); });
}
Result<std::vector<std::byte>> encode(const Reply& reply) {
  return encode_message<wire::Reply>(reply, [](wire::Reply::Builder) {});
}

Result<Request> decode_request(Bytes payload) {
  Request request;
  bool known = false;
  const char* fault = read_flat<wire::Request>(payload, [&](wire::Request::Reader in) {
    request.id = in.getId();
    request.needs = in.getNeeds();
    known = read(in, request.body);
  });
  if (fault != nullptr) return not_a("request", fault);
  if (request.needs > kProtocol) {
    return Error{ErrorCode::Usage, "a request that needs version " + std::to_string(request.needs) +
                                       " of the control protocol, and version " +
                                       std::to_string(kProtocol) + " is spoken here"};
  }
  if (!known) return unknown_kind("request");
  return request;
}

Result<Reply> decode_reply(Bytes payload) {
  Reply reply;
  bool known = false;
  const char* fault = read_flat<wire::Reply>(payload, [&](wire::Reply::Reader in) {
    reply.id = in.getId();
    known = read(in, reply.body);
  });
  if (fault != nullptr) return not_a("reply", fault);
  if (!known) return unknown_kind("reply");
  return reply;
}

}  // namespace thermos::control
