#include "capnp/launch.h"

#include <capnp/message.h>

#include "capnp/flat.h"
#include "launch.capnp.h"

namespace thermos {
namespace {

std::size_t words_of(const Launch& launch) {
  std::size_t words = 1 + capnp::sizeInWords<wire::Launch>();
  for (const auto* text : {&launch.process, &launch.cmdline, &launch.directory, &launch.root}) {
    words += text_words(*text);
  }
  words += launch.environment.size();
  for (const auto& variable : launch.environment) words += text_words(variable);
  return words + (launch.groups.size() + 1) / 2;
}

void fill(wire::Launch::Builder out, const Launch& launch) {
  out.setTicket(launch.ticket);
  out.setProcess(launch.process);
  out.setSeq(launch.seq);
  out.setRun(launch.run);
  out.setChain(launch.chain);
  out.setBootHigh(launch.boot.high);
  out.setBootLow(launch.boot.low);
  out.setCmdline(launch.cmdline);
  out.setDirectory(launch.directory);
  if (!launch.root.empty()) out.setRoot(launch.root);
  auto environment = out.initEnvironment(static_cast<unsigned>(launch.environment.size()));
  for (unsigned i = 0; i < environment.size(); ++i) environment.set(i, launch.environment[i]);
  out.setChangeUser(launch.change_user);
  out.setUid(launch.uid);
  out.setGid(launch.gid);
  auto groups = out.initGroups(static_cast<unsigned>(launch.groups.size()));
  for (unsigned i = 0; i < groups.size(); ++i) groups.set(i, launch.groups[i]);
  out.setRotateSize(launch.rotate_size);
  out.setBackups(launch.backups);
  out.setConsole(launch.console);
}

// The library checks that a text ends in a NUL. One inside the text would cut the C string short.
bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

const char* first_with_nul(const Launch& launch) {
  if (has_nul(launch.process)) return "its name";
  if (has_nul(launch.cmdline)) return "its cmdline";
  if (has_nul(launch.directory)) return "its directory";
  if (has_nul(launch.root)) return "its root";
  for (const auto& variable : launch.environment) {
    if (has_nul(variable)) return "its environment";
  }
  return nullptr;
}

}  // namespace

Result<std::vector<std::byte>> encode(const Launch& launch) {
  if (const char* where = first_with_nul(launch)) {
    return Error{ErrorCode::Usage,
                 "process " + launch.process + " can't be started: a NUL in " + where};
  }
  const std::size_t words = words_of(launch);
  const std::size_t size = kSegmentTableBytes + words * sizeof(capnp::word);
  if (size > kMaxLaunchBytes) {
    return Error{ErrorCode::Usage, "process " + launch.process +
                                       " can't be started: its command line and environment take " +
                                       std::to_string(size) + " bytes, and at most " +
                                       std::to_string(kMaxLaunchBytes) + " are possible"};
  }
  std::vector<std::byte> message(size);
  message.resize(write_flat<wire::Launch>(message, words,
                                          [&](wire::Launch::Builder out) { fill(out, launch); }));
  return message;
}

Result<Launched> decode_launched(Bytes message) {
  Launched launched;
  const char* fault = read_flat<wire::Launched>(message, [&](wire::Launched::Reader in) {
    launched = {in.getTicket(), in.getPid(), in.getError()};
  });
  if (fault != nullptr) {
    return Error{ErrorCode::System, std::string("the fork server sent an invalid answer: ") +
                                        fault + "; is it of the same build?"};
  }
  return launched;
}

Result<WriteFailure> decode_write_failure(Bytes message) {
  WriteFailure write_failure;
  const char* fault = read_flat<wire::WriteFailure>(message, [&](wire::WriteFailure::Reader in) {
    write_failure = {in.getPid(), in.getError()};
  });
  if (fault != nullptr) return Error{ErrorCode::System, fault};
  return write_failure;
}

bool decode_launch(Bytes message, LaunchView& view, std::span<const char*> environment,
                   std::span<std::uint32_t> groups, std::size_t& group_count) {
  bool fits = false;
  const char* fault = read_flat<wire::Launch>(message, [&](wire::Launch::Reader in) {
    const auto process = in.getProcess();
    view.ticket = in.getTicket();
    view.process = {process.begin(), process.size()};
    view.seq = in.getSeq();
    view.run = in.getRun();
    view.chain = in.getChain();
    view.boot = {in.getBootHigh(), in.getBootLow()};
    view.cmdline = in.getCmdline().cStr();
    view.directory = in.getDirectory().cStr();
    view.root = in.getRoot().cStr();
    view.change_user = in.getChangeUser();
    view.uid = in.getUid();
    view.gid = in.getGid();
    view.rotate_size = in.getRotateSize();
    view.backups = in.getBackups();
    view.console = in.getConsole();
    const auto variables = in.getEnvironment();
    const auto ids = in.getGroups();
    if (process.size() == 0 || variables.size() >= environment.size() ||
        ids.size() > groups.size()) {
      return;
    }
    for (unsigned i = 0; i < variables.size(); ++i) environment[i] = variables[i].cStr();
    environment[variables.size()] = nullptr;
    for (unsigned i = 0; i < ids.size(); ++i) groups[i] = ids[i];
    group_count = ids.size();
    fits = true;
  });
  return fault == nullptr && fits;
}

std::size_t encode(const Launched& launched, std::span<std::byte> out) {
  constexpr std::size_t kWords = 1 + capnp::sizeInWords<wire::Launched>();
  static_assert(kSegmentTableBytes + kWords * sizeof(capnp::word) <= kLaunchedBytes);
  return write_flat<wire::Launched>(out, kWords, [&](wire::Launched::Builder answer) {
    answer.setTicket(launched.ticket);
    answer.setPid(launched.pid);
    answer.setError(launched.error);
  });
}

std::size_t encode(const WriteFailure& write_failure, std::span<std::byte> out) {
  constexpr std::size_t kWords = 1 + capnp::sizeInWords<wire::WriteFailure>();
  static_assert(kSegmentTableBytes + kWords * sizeof(capnp::word) <= kWriteFailureBytes);
  return write_flat<wire::WriteFailure>(out, kWords, [&](wire::WriteFailure::Builder message) {
    message.setPid(write_failure.pid);
    message.setError(write_failure.error);
  });
}

}  // namespace thermos
