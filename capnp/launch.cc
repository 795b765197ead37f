#include "capnp/launch.h"

#include <capnp/message.h>

#include <algorithm>

#include "capnp/flat.h"
#include "launch.capnp.h"

namespace thermos {
namespace {

std::size_t words_of(const Launch& launch) {
  std::size_t words = 1 + capnp::sizeInWords<wire::Launch>();
  for (const auto* text : {&launch.process, &launch.cmdline, &launch.directory, &launch.root,
                           &launch.subdirectory, &launch.input}) {
    words += text_words(*text);
  }
  for (const auto* list : {&launch.environment, &launch.arguments}) {
    words += list->size();
    for (const auto& text : *list) words += text_words(text);
  }
  words += 1;
  for (const auto& [name, secret] : launch.secrets.entries) {
    words += capnp::sizeInWords<wire::Secret>() + text_words(name) + text_words(secret.file) +
             text_words(secret.cmd);
  }
  words += launch.success_codes.size() / sizeof(capnp::word) + 1;
  return words + (launch.groups.size() + 1) / 2;
}

void fill(wire::Launch::Builder out, const Launch& launch) {
  out.setTicket(launch.ticket);
  out.setProcess(launch.process);
  out.setSeq(launch.seq);
  out.setRun(launch.run);
  out.setChain(launch.chain);
  out.setEpoch(launch.epoch);
  out.setBootHigh(launch.boot.high);
  out.setBootLow(launch.boot.low);
  out.setCmdline(launch.cmdline);
  out.setDirectory(launch.directory);
  if (!launch.root.empty()) out.setRoot(launch.root);
  fill_texts(out.initEnvironment(static_cast<unsigned>(launch.environment.size())),
             launch.environment);
  out.setChangeUser(launch.change_user);
  out.setUid(launch.uid);
  out.setGid(launch.gid);
  auto groups = out.initGroups(static_cast<unsigned>(launch.groups.size()));
  for (unsigned i = 0; i < groups.size(); ++i) groups.set(i, launch.groups[i]);
  out.setRotateSize(launch.rotate_size);
  out.setBackups(launch.backups);
  out.setConsole(launch.console);
  fill_texts(out.initArguments(static_cast<unsigned>(launch.arguments.size())), launch.arguments);
  if (!launch.subdirectory.empty()) out.setSubdirectory(launch.subdirectory);
  if (!launch.input.empty()) out.setInput(launch.input);
  auto codes = out.initSuccessCodes(static_cast<unsigned>(launch.success_codes.size()));
  std::copy(launch.success_codes.begin(), launch.success_codes.end(), codes.begin());
  out.setStopSignal(launch.stop_signal);
  out.setEndsWithUs(launch.ends_with_us);
  out.setNotify(launch.notify);
  out.setWatchdog(launch.watchdog);
  out.setWatchdogWaits(launch.watchdog_waits);
  out.setKillWait(launch.kill_wait);
  if (launch.secrets.entries.empty()) return;
  auto secrets = out.initSecrets(static_cast<unsigned>(launch.secrets.entries.size()));
  for (unsigned i = 0; i < secrets.size(); ++i) {
    const auto& [name, secret] = launch.secrets.entries[i];
    secrets[i].setName(name);
    secrets[i].setFile(secret.file);
    secrets[i].setCmd(secret.cmd);
    secrets[i].setRoot(secret.root);
  }
}

// The library checks that a text ends in a NUL. One inside the text would cut the C string short.
bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

bool any_has_nul(const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(), [](const auto& text) { return has_nul(text); });
}

const char* first_with_nul(const Launch& launch) {
  if (has_nul(launch.process)) return "its name";
  if (has_nul(launch.cmdline)) return "its cmdline";
  if (has_nul(launch.directory)) return "its directory";
  if (has_nul(launch.root)) return "its root";
  if (has_nul(launch.subdirectory)) return "its working directory";
  if (has_nul(launch.input)) return "the name of its input";
  for (const auto& [name, secret] : launch.secrets.entries) {
    if (has_nul(name) || has_nul(secret.file) || has_nul(secret.cmd)) return "a secret";
  }
  if (any_has_nul(launch.environment)) return "its environment";
  if (any_has_nul(launch.arguments)) return "its arguments";
  return nullptr;
}

// Fills `room` with the texts and a NULL behind them. Returns false if `room` is too small.
template <typename View>
bool point_to(capnp::List<capnp::Text>::Reader texts, std::span<const char*> room, View& out) {
  if (texts.size() >= room.size()) return false;
  for (unsigned i = 0; i < texts.size(); ++i) room[i] = texts[i].cStr();
  room[texts.size()] = nullptr;
  out = room.first(texts.size());
  return true;
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

bool decode_launch(Bytes message, LaunchView& view, const LaunchRoom& room) {
  bool fits = false;
  const char* fault = read_flat<wire::Launch>(message, [&](wire::Launch::Reader in) {
    const auto process = in.getProcess();
    view.ticket = in.getTicket();
    view.process = {process.begin(), process.size()};
    view.seq = in.getSeq();
    view.run = in.getRun();
    view.chain = in.getChain();
    view.epoch = in.getEpoch();
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
    view.subdirectory = in.getSubdirectory().cStr();
    view.input = in.getInput().cStr();
    view.stop_signal = in.getStopSignal();
    const auto codes = in.getSuccessCodes();
    if (codes.size() != 0) view.success.clear();
    for (const auto code : codes) view.success.add(code);
    view.ends_with_us = in.getEndsWithUs();
    view.notify = in.getNotify();
    view.watchdog = in.getWatchdog();
    view.watchdog_waits = in.getWatchdogWaits();
    view.kill_wait = in.getKillWait();
    const auto ids = in.getGroups();
    if (process.size() == 0 || ids.size() > room.groups.size()) return;
    for (unsigned i = 0; i < ids.size(); ++i) room.groups[i] = ids[i];
    const auto secrets = in.getSecrets();
    if (secrets.size() > room.secrets.size()) return;
    for (unsigned i = 0; i < secrets.size(); ++i) {
      const auto name = secrets[i].getName();
      room.secrets[i] = {{name.begin(), name.size()},
                         secrets[i].getFile().cStr(),
                         secrets[i].getCmd().cStr(),
                         secrets[i].getRoot()};
    }
    view.secrets = std::span<const SecretView>(room.secrets).first(secrets.size());
    view.groups = std::span<const std::uint32_t>(room.groups).first(ids.size());
    fits = point_to(in.getEnvironment(), room.environment, view.environment) &&
           point_to(in.getArguments(), room.arguments, view.arguments);
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
