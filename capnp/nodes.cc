#include "capnp/nodes.h"

#include <capnp/message.h>

#include <algorithm>
#include <span>

#include "capnp/codec.h"
#include "capnp/flat.h"
#include "nodes.capnp.h"

namespace thermos::nodes {
namespace {

std::string string_of(capnp::Text::Reader text) {
  return {text.begin(), text.size()};
}

Payload bytes_of(capnp::Data::Reader data) {
  const auto* const first = reinterpret_cast<const std::byte*>(data.begin());
  return {first, first + data.size()};
}

capnp::Data::Reader data_of(const Payload& bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

// ---- writing -----------------------------------------------------------------------------------

// words_of() counts the words of a message's lists and texts. Everything else fits into
// kFixedWords.
constexpr std::size_t kFixedWords = 64;

std::size_t words(std::size_t bytes) {
  return bytes / sizeof(capnp::word) + 2;
}

std::size_t words_of(const KnownRun& known) {
  std::size_t sum = 2 * known.records.size();
  for (const Payload& record : known.records) sum += words(record.size());
  return sum;
}
std::size_t words_of(const Hello& m) {
  return words(m.node.size()) + words(m.root.size()) + words(m.header.size());
}
std::size_t words_of(const Configuration& m) {
  return words(m.part.size());
}
std::size_t words_of(const Seqs& m) {
  return m.next.size();
}
std::size_t words_of(const Start& m) {
  return words_of(m.known);
}
std::size_t words_of(const Welcome& m) {
  return words(m.hostname.size());
}
std::size_t words_of(const Refused& m) {
  return words(m.reason.size());
}
std::size_t words_of(const Stopped& m) {
  return words(m.reason.size());
}
std::size_t words_of(const NodeRecord& m) {
  return words(m.record.size());
}
std::size_t words_of(const LaunchFailed& m) {
  return words(m.reason.size());
}
std::size_t words_of(const ProbeAnswered& m) {
  return words(m.text.size());
}
std::size_t words_of(const ShortageChanged& m) {
  return words(m.reason.size());
}
std::size_t words_of(const FileOffer& m) {
  return words(m.offer.path.size());
}
std::size_t words_of(const FilePiece& m) {
  return words(m.data.size());
}
std::size_t words_of(const carry::Replied& m) {
  return words(m.failure.reason.size());
}
template <typename Small>
std::size_t words_of(const Small& /*message*/) {
  return 0;
}

void fill(wire::RunId::Builder out, ProcessIndex process, std::uint32_t run) {
  out.setProcess(process);
  out.setRun(run);
}

void fill(wire::KnownRun::Builder out, const KnownRun& known) {
  out.setProcess(known.process);
  auto records = out.initRecords(static_cast<unsigned>(known.records.size()));
  for (unsigned i = 0; i < records.size(); ++i) records.set(i, data_of(known.records[i]));
}

// The messages about files are the same in both directions.
template <typename Root>
void fill(Root out, const FileOffer& m) {
  auto offer = out.initFileOffer();
  offer.setNumber(m.offer.number);
  offer.setProcess(m.process);
  offer.setPath(m.offer.path);
  offer.setSize(m.offer.facts.size);
  offer.setMtime(m.offer.facts.mtime);
  offer.setInode(m.offer.facts.inode);
  offer.setMode(m.offer.facts.mode);
}
template <typename Root>
void fill(Root out, const FilePiece& m) {
  auto piece = out.initFilePiece();
  piece.setNumber(m.number);
  piece.setOffset(m.offset);
  piece.setData({reinterpret_cast<const kj::byte*>(m.data.data()), m.data.size()});
}
template <typename Root>
void fill(Root out, const carry::EndCame& m) {
  auto end = out.initFileEnd();
  end.setNumber(m.number);
  end.setSha256({m.digest.data(), m.digest.size()});
}
template <typename Root>
void fill(Root out, const carry::Replied& m) {
  auto reply = out.initFileReply();
  reply.setNumber(m.number);
  reply.setReply(static_cast<std::uint8_t>(m.reply));
  reply.setRetry(m.failure.retry);
  reply.setReason(m.failure.reason);
}
template <typename Root>
void fill(Root out, const carry::Dropped& m) {
  out.setFileDrop(m.number);
}

void fill(wire::ToNode::Builder out, const Hello& m) {
  auto hello = out.initHello();
  hello.setProtocol(m.protocol);
  hello.setLead(m.lead);
  hello.setNode(m.node);
  hello.setRoot(m.root);
  hello.setHeader(data_of(m.header));
  hello.setConfigurationBytes(m.configuration_bytes);
}
void fill(wire::ToNode::Builder out, const Configuration& m) {
  out.setConfiguration({reinterpret_cast<const kj::byte*>(m.part.data()), m.part.size()});
}
void fill(wire::ToNode::Builder out, const KnownRun& m) {
  fill(out.initRun(), m);
}
void fill(wire::ToNode::Builder out, const Seqs& m) {
  auto seqs = out.initSeqs();
  seqs.setFirst(m.first);
  auto next = seqs.initNext(static_cast<unsigned>(m.next.size()));
  for (unsigned i = 0; i < next.size(); ++i) next.set(i, m.next[i]);
}
void fill(wire::ToNode::Builder out, const Listed& /*m*/) {
  out.setListed();
}
void fill(wire::ToNode::Builder out, const Start& m) {
  auto start = out.initStart();
  fill(start.initKnown(), m.known);
  start.setSeq(m.seq);
  start.setGoal(static_cast<std::uint8_t>(m.goal));
}
void fill(wire::ToNode::Builder out, const Stop& m) {
  auto stop = out.initStop();
  fill(stop.initRun(), m.process, m.run);
  stop.setHard(m.hard);
  stop.setSignal(m.signal);
}
void fill(wire::ToNode::Builder out, const Sweep& m) {
  fill(out.initSweep(), m.process, m.run);
}
void fill(wire::ToNode::Builder out, const Look& m) {
  out.setLook(m.process);
}
void fill(wire::ToNode::Builder out, const Probe& m) {
  auto probe = out.initProbe();
  fill(probe.initRun(), m.process, m.run);
  probe.setPurpose(static_cast<std::uint8_t>(m.purpose));
}
void fill(wire::ToNode::Builder out, const Clean& /*m*/) {
  out.setClean();
}
void fill(wire::ToNode::Builder out, const Finish& /*m*/) {
  out.setFinish();
}

void fill(wire::FromNode::Builder out, const Welcome& m) {
  auto welcome = out.initWelcome();
  welcome.setProtocol(m.protocol);
  welcome.setBootHigh(m.boot.high);
  welcome.setBootLow(m.boot.low);
  welcome.setHostname(m.hostname);
  welcome.setPid(m.pid);
  welcome.setCpu(m.room.cpu);
  welcome.setRam(m.room.ram);
}
void fill(wire::FromNode::Builder out, const Refused& m) {
  auto refused = out.initRefused();
  refused.setReason(m.reason);
  refused.setSuperseded(m.superseded);
}
void fill(wire::FromNode::Builder out, const NodeRecord& m) {
  auto record = out.initRecord();
  record.setProcess(m.process);
  record.setRecord(data_of(m.record));
}
void fill(wire::FromNode::Builder out, const CoordinatorGone& m) {
  auto gone = out.initGone();
  fill(gone.initRun(), m.process, m.run);
  gone.setRebooted(m.rebooted);
}
void fill(wire::FromNode::Builder out, const Swept& m) {
  fill(out.initSwept(), m.process, m.run);
}
void fill(wire::FromNode::Builder out, const LaunchFailed& m) {
  auto failed = out.initFailed();
  fill(failed.initRun(), m.process, m.run);
  failed.setRetry(m.retry);
  failed.setReason(m.reason);
}
void fill(wire::FromNode::Builder out, const LaunchCancelled& m) {
  fill(out.initCancelled(), m.process, m.run);
}
void fill(wire::FromNode::Builder out, const ProbeAnswered& m) {
  auto probed = out.initProbed();
  fill(probed.initRun(), m.process, m.run);
  probed.setYes(m.yes);
  probed.setText(m.text);
  probed.setPurpose(static_cast<std::uint8_t>(m.purpose));
}
void fill(wire::FromNode::Builder out, const ShortageChanged& m) {
  auto shortage = out.initShortage();
  shortage.setOf(static_cast<std::uint8_t>(m.shortage));
  shortage.setOver(m.over);
  shortage.setReason(m.reason);
}
void fill(wire::FromNode::Builder out, const Told& /*m*/) {
  out.setTold();
}
void fill(wire::FromNode::Builder out, const Cleaned& /*m*/) {
  out.setCleaned();
}
void fill(wire::FromNode::Builder out, const Quiet& /*m*/) {
  out.setQuiet();
}
void fill(wire::FromNode::Builder out, const Stopped& m) {
  out.setStopped(m.reason);
}

template <typename Root, typename Fill>
bool append(std::size_t most_words, std::uint32_t& chain, std::vector<std::byte>& out,
            const Fill& fill_in) {
  const std::size_t room = kSegmentTableBytes + most_words * sizeof(capnp::word);
  if (room > kMaxPayloadBytes) return false;
  const std::size_t before = out.size();
  out.resize(before + frame_size(room));
  const std::span<std::byte> frame = std::span(out).subspan(before);
  const std::size_t length =
      write_flat<Root>(frame.subspan(kFrameHeaderBytes), most_words, fill_in);
  chain = seal_frame(chain, frame, length);
  out.resize(before + frame_size(length));
  return true;
}

// ---- reading -----------------------------------------------------------------------------------

Error unknown(const char* what) {
  return {ErrorCode::Corrupt, std::string("unknown ") + what + "; is it from another version?"};
}

KnownRun read(wire::KnownRun::Reader in) {
  KnownRun known;
  known.process = in.getProcess();
  for (const auto record : in.getRecords()) known.records.push_back(bytes_of(record));
  return known;
}

FileOffer read(wire::FileOffer::Reader in) {
  return {in.getProcess(),
          {in.getNumber(),
           string_of(in.getPath()),
           {in.getSize(), in.getMtime(), in.getInode(), in.getMode()}}};
}

FilePiece read(wire::FilePiece::Reader in) {
  const auto data = in.getData();
  return {in.getNumber(), in.getOffset(),
          std::string(reinterpret_cast<const char*>(data.begin()), data.size())};
}

template <typename Message>
Result<Message> read(wire::FileEnd::Reader in) {
  carry::EndCame end{in.getNumber(), {}};
  const auto digest = in.getSha256();
  if (digest.size() != end.digest.size()) return unknown("digest of a file");
  std::copy(digest.begin(), digest.end(), end.digest.begin());
  return Message(end);
}

template <typename Message>
Result<Message> read(wire::FileReply::Reader in) {
  if (in.getReply() >= carry::kReplies) return unknown("reply to the offer of a file");
  return Message(carry::Replied{in.getNumber(),
                                static_cast<carry::Reply>(in.getReply()),
                                {in.getRetry(), string_of(in.getReason())}});
}

Result<ToNode> read(wire::ToNode::Reader in) {
  switch (in.which()) {
    case wire::ToNode::HELLO: {
      const auto hello = in.getHello();
      return ToNode(Hello{hello.getProtocol(), hello.getLead(), string_of(hello.getNode()),
                          string_of(hello.getRoot()), bytes_of(hello.getHeader()),
                          hello.getConfigurationBytes()});
    }
    case wire::ToNode::CONFIGURATION: {
      const auto part = in.getConfiguration();
      return ToNode(
          Configuration{std::string(reinterpret_cast<const char*>(part.begin()), part.size())});
    }
    case wire::ToNode::RUN:
      return ToNode(read(in.getRun()));
    case wire::ToNode::SEQS: {
      Seqs seqs{in.getSeqs().getFirst(), {}};
      for (const std::uint64_t next : in.getSeqs().getNext()) seqs.next.push_back(next);
      return ToNode(std::move(seqs));
    }
    case wire::ToNode::LISTED:
      return ToNode(Listed{});
    case wire::ToNode::START: {
      const auto start = in.getStart();
      if (start.getGoal() >= kTaskStates) return unknown("state of a task");
      return ToNode(
          Start{read(start.getKnown()), start.getSeq(), static_cast<TaskState>(start.getGoal())});
    }
    case wire::ToNode::STOP: {
      const auto stop = in.getStop();
      return ToNode(Stop{stop.getRun().getProcess(), stop.getRun().getRun(), stop.getHard(),
                         stop.getSignal()});
    }
    case wire::ToNode::SWEEP:
      return ToNode(Sweep{in.getSweep().getProcess(), in.getSweep().getRun()});
    case wire::ToNode::LOOK:
      return ToNode(Look{in.getLook()});
    case wire::ToNode::PROBE: {
      const auto probe = in.getProbe();
      if (probe.getPurpose() > 1) return unknown("purpose of a probe");
      return ToNode(Probe{probe.getRun().getProcess(), probe.getRun().getRun(),
                          static_cast<Purpose>(probe.getPurpose())});
    }
    case wire::ToNode::CLEAN:
      return ToNode(Clean{});
    case wire::ToNode::FINISH:
      return ToNode(Finish{});
    case wire::ToNode::FILE_OFFER:
      return ToNode(read(in.getFileOffer()));
    case wire::ToNode::FILE_PIECE:
      return ToNode(read(in.getFilePiece()));
    case wire::ToNode::FILE_END:
      return read<ToNode>(in.getFileEnd());
    case wire::ToNode::FILE_REPLY:
      return read<ToNode>(in.getFileReply());
    case wire::ToNode::FILE_DROP:
      return ToNode(carry::Dropped{in.getFileDrop()});
  }
  return unknown("message to a node");
}

Result<FromNode> read(wire::FromNode::Reader in) {
  switch (in.which()) {
    case wire::FromNode::WELCOME: {
      const auto welcome = in.getWelcome();
      return FromNode(Welcome{welcome.getProtocol(),
                              {welcome.getBootHigh(), welcome.getBootLow()},
                              string_of(welcome.getHostname()),
                              welcome.getPid(),
                              {welcome.getCpu(), welcome.getRam()}});
    }
    case wire::FromNode::REFUSED:
      return FromNode(
          Refused{string_of(in.getRefused().getReason()), in.getRefused().getSuperseded()});
    case wire::FromNode::RECORD:
      return FromNode(
          NodeRecord{in.getRecord().getProcess(), bytes_of(in.getRecord().getRecord())});
    case wire::FromNode::GONE: {
      const auto gone = in.getGone();
      return FromNode(
          CoordinatorGone{gone.getRun().getProcess(), gone.getRun().getRun(), gone.getRebooted()});
    }
    case wire::FromNode::SWEPT:
      return FromNode(Swept{in.getSwept().getProcess(), in.getSwept().getRun()});
    case wire::FromNode::FAILED: {
      const auto failed = in.getFailed();
      return FromNode(LaunchFailed{failed.getRun().getProcess(), failed.getRun().getRun(),
                                   failed.getRetry(), string_of(failed.getReason())});
    }
    case wire::FromNode::CANCELLED:
      return FromNode(LaunchCancelled{in.getCancelled().getProcess(), in.getCancelled().getRun()});
    case wire::FromNode::PROBED: {
      const auto probed = in.getProbed();
      if (probed.getPurpose() > 1) return unknown("purpose of a probe");
      return FromNode(ProbeAnswered{probed.getRun().getProcess(), probed.getRun().getRun(),
                                    probed.getYes(), string_of(probed.getText()),
                                    static_cast<Purpose>(probed.getPurpose())});
    }
    case wire::FromNode::SHORTAGE: {
      const auto shortage = in.getShortage();
      const auto of = std::min<std::uint8_t>(shortage.getOf(), kShortages - 1);
      return FromNode(ShortageChanged{static_cast<Shortage>(of), shortage.getOver(),
                                      string_of(shortage.getReason())});
    }
    case wire::FromNode::TOLD:
      return FromNode(Told{});
    case wire::FromNode::CLEANED:
      return FromNode(Cleaned{});
    case wire::FromNode::QUIET:
      return FromNode(Quiet{});
    case wire::FromNode::STOPPED:
      return FromNode(Stopped{string_of(in.getStopped())});
    case wire::FromNode::FILE_OFFER:
      return FromNode(read(in.getFileOffer()));
    case wire::FromNode::FILE_PIECE:
      return FromNode(read(in.getFilePiece()));
    case wire::FromNode::FILE_END:
      return read<FromNode>(in.getFileEnd());
    case wire::FromNode::FILE_REPLY:
      return read<FromNode>(in.getFileReply());
    case wire::FromNode::FILE_DROP:
      return FromNode(carry::Dropped{in.getFileDrop()});
  }
  return unknown("message from a node");
}

}  // namespace

Payload payload_of(const thermos::Record& record) {
  std::vector<std::byte> frame;
  std::uint32_t chain = 0;
  thermos::append_frame(record, chain, frame, 0);
  frame.erase(frame.begin(), frame.begin() + kFrameHeaderBytes);
  return frame;
}

bool append_frame(const ToNode& message, std::uint32_t& chain, std::vector<std::byte>& out) {
  return std::visit(
      [&](const auto& m) {
        return append<wire::ToNode>(kFixedWords + words_of(m), chain, out,
                                    [&](wire::ToNode::Builder root) { fill(root, m); });
      },
      message);
}

bool append_frame(const FromNode& message, Timestamp now, std::uint32_t& chain,
                  std::vector<std::byte>& out) {
  return std::visit(
      [&](const auto& m) {
        return append<wire::FromNode>(kFixedWords + words_of(m), chain, out,
                                      [&](wire::FromNode::Builder root) {
                                        root.setWall(now.wall);
                                        root.setBoot(now.boot);
                                        fill(root, m);
                                      });
      },
      message);
}

Result<ToNode> decode_to_node(Bytes payload) {
  std::optional<Result<ToNode>> answer;
  const char* fault = read_flat<wire::ToNode>(
      payload, [&](wire::ToNode::Reader root) { answer.emplace(read(root)); });
  if (fault != nullptr) {
    return Error{ErrorCode::Corrupt, std::string("not a message to a node: ") + fault};
  }
  return std::move(*answer);
}

Result<Said> decode_from_node(Bytes payload) {
  std::optional<Result<FromNode>> answer;
  Timestamp now;
  const char* fault = read_flat<wire::FromNode>(payload, [&](wire::FromNode::Reader root) {
    now = {root.getWall(), root.getBoot()};
    answer.emplace(read(root));
  });
  if (fault != nullptr) {
    return Error{ErrorCode::Corrupt, std::string("not a message from a node: ") + fault};
  }
  if (!*answer) return answer->error();
  return Said{now, std::move(**answer)};
}

}  // namespace thermos::nodes
