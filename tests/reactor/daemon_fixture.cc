#include "daemon_fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "capnp/codec.h"
#include "waiting.h"

namespace thermos {
namespace {

// Far beyond need, so that a test that can't succeed ends.
constexpr Microseconds kPatience = 120 * kSecond;

// What each descriptor of a process stands for, a line each.
std::string open_files(pid_t pid) {
  std::string all;
  for (const auto& [fd, target] : real::descriptors_of(pid)) {
    all += std::to_string(fd) + " -> " + target + "\n";
  }
  return all;
}

}  // namespace

void DaemonFixture::SetUp() {
  std::string name = ::testing::TempDir() + "daemon-test-XXXXXX";
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  base_ = name;
  // Other users must be able to reach the socket and their sandboxes.
  chmod(name.c_str(), 0755);
}

void DaemonFixture::open_notices() {
  unlink(path("notices").c_str());
  notices_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path("notices").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(notices_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const timeval patience{kPatience / kSecond, 0};
  setsockopt(notices_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void DaemonFixture::wait_until_ready() {
  for (std::string notice; notice.find("READY=1") == std::string::npos;) {
    std::array<char, 4096> text{};
    const ssize_t got = recv(notices_.get(), text.data(), text.size(), 0);
    ASSERT_GT(got, 0) << log();
    notice.assign(text.data(), static_cast<std::size_t>(got));
  }
  // Nobody reads on, and a full queue would hold the daemon up.
  notices_.reset();
}

void DaemonFixture::TearDown() {
  if (base_.empty()) return;
  if (daemon_ == 0 && std::filesystem::exists(paths().active_dir())) start();
  if (daemon_ != 0) {
    ask(control::AskDrain{0});
    EXPECT_EQ(wait_for_daemon(), 0) << log();
  }
  std::filesystem::remove_all(base_);
}

void DaemonFixture::start(const std::vector<std::string>& options) {
  std::vector<std::string> words{THERMOS_BIN "/thermos-reactor", "--root", path("root"), "--socket",
                                 socket_word_.empty() ? socket_path() : socket_word_};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  open_notices();
  daemon_ = fork();
  if (daemon_ == 0) {
    if (chdir(base_.c_str()) != 0) _exit(127);
    setenv("NOTIFY_SOCKET", path("notices").c_str(), 1);
    const int errors = open(path("log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(errors, STDERR_FILENO);
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  wait_until_ready();
  chmod(socket_path().c_str(), 0666);
}

void DaemonFixture::kill_daemon() {
  ::kill(daemon_, SIGKILL);
  EXPECT_EQ(wait_for_daemon(), -SIGKILL);
}

void DaemonFixture::signal(int number) const {
  ::kill(daemon_, number);
}

int DaemonFixture::wait_for_daemon() {
  int status = 0;
  EXPECT_EQ(waitpid(daemon_, &status, 0), daemon_);
  daemon_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string DaemonFixture::log() const {
  return real::read_file(path("log"));
}

::testing::AssertionResult DaemonFixture::until_logged(const std::string& text) const {
  return real::wait_for_text(path("log"), text);
}

// ---- clients -----------------------------------------------------------------------------------

std::size_t DaemonFixture::descriptors() const {
  return real::descriptors_of(daemon_).size();
}

void DaemonFixture::wait_for_descriptors(std::size_t most) const {
  // One connection for all questions: each new one would be one more that was just closed. With
  // each answer the daemon has been round its loop, and with the first it has this connection.
  ControlClient looker = connect();
  std::size_t open = 0;
  const int tries = 10'000;
  for (int i = 0; i < tries; ++i) {
    ASSERT_TRUE(looker.send(control::AskVersion{}).ok());
    const auto reply = looker.receive(kPatience);
    ASSERT_TRUE(reply.ok() && *reply) << "no answer";
    open = descriptors();
    if (open <= most + 1) return;
  }
  EXPECT_LE(open, most + 1) << open_files(daemon_);
}

ControlClient DaemonFixture::connect() const {
  auto client = ControlClient::connect(socket_path());
  if (!client) throw std::runtime_error(client.error().message);
  return std::move(*client);
}

bool DaemonFixture::ends(const control::ReplyBody& reply) {
  return std::holds_alternative<Error>(reply) || std::holds_alternative<control::Finished>(reply) ||
         std::holds_alternative<control::Version>(reply) ||
         std::holds_alternative<control::MetricsReply>(reply) ||
         std::holds_alternative<control::Submitted>(reply);
}

std::vector<control::ReplyBody> DaemonFixture::ask(control::RequestBody body) const {
  const bool one_end = std::holds_alternative<control::AskWait>(body);
  ControlClient client = connect();
  std::vector<control::ReplyBody> replies;
  if (auto sent = client.send(std::move(body)); !sent) return {sent.error()};
  do {
    auto reply = client.receive(kPatience);
    if (!reply) return {reply.error()};
    if (!*reply) return {Error{ErrorCode::System, "no answer"}};
    replies.push_back(std::move((*reply)->body));
  } while (!ends(replies.back()) &&
           !(one_end && std::holds_alternative<control::Ended>(replies.back())));
  return replies;
}

std::optional<Error> DaemonFixture::refused(control::RequestBody body) const {
  const auto replies = ask(std::move(body));
  const auto* error = std::get_if<Error>(&replies.back());
  return error == nullptr ? std::nullopt : std::optional(*error);
}

control::Submit DaemonFixture::submission(const std::string& id, const std::string& config) {
  control::Submit submit;
  submit.task_id = id;
  submit.config = config;
  return submit;
}

std::string DaemonFixture::one(const std::string& cmdline, const std::string& more) {
  return R"({"name": "t", "processes": [{"name": "p", "cmdline": ")" + cmdline + "\"" + more +
         "}]}";
}

void DaemonFixture::submit(const std::string& id, const std::string& config) const {
  const auto error = refused(submission(id, config));
  ASSERT_FALSE(error) << error->message;
}

History DaemonFixture::follow(const std::string& id,
                              const std::function<bool(const History&)>& done) const {
  ControlClient client = connect();
  control::Subscribe subscribe;
  subscribe.patterns = {id};
  subscribe.since = 1;
  EXPECT_TRUE(client.send(subscribe).ok());
  History history;
  while (!done(history)) {
    auto reply = client.receive(kPatience);
    if (!reply || !*reply) {
      ADD_FAILURE() << (reply ? "nothing more came" : reply.error().message) << "\n" << log();
      break;
    }
    const auto* event = std::get_if<control::Event>(&(*reply)->body);
    if (event == nullptr) continue;
    std::vector<std::uint64_t> words((event->record.size() + 7) / 8);
    std::memcpy(words.data(), event->record.data(), event->record.size());
    auto record = decode(std::as_bytes(std::span(words)).first(event->record.size()));
    if (!record || !history.apply(*record)) ADD_FAILURE() << "an event that can't be";
  }
  return history;
}

History DaemonFixture::until_running(const std::string& id, std::uint32_t run) const {
  return follow(id, [run](const History& history) { return is_running(history, run); });
}

std::string DaemonFixture::state_at_end(const std::string& id) const {
  const auto replies = ask(control::AskWait{id, -1});
  if (const auto* ended = std::get_if<control::Ended>(&replies.back())) return ended->state;
  const auto* error = std::get_if<Error>(&replies.back());
  return error == nullptr ? "?" : error->message;
}

void DaemonFixture::as_user(uid_t uid, const std::function<void()>& work) {
  finish(begin_as_user(uid, work));
}

pid_t DaemonFixture::begin_as_user(uid_t uid, const std::function<void()>& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  const gid_t group = uid;
  if (setgroups(1, &group) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0) {
    _exit(2);
  }
  try {
    work();
  } catch (const std::exception& failure) {
    ADD_FAILURE() << failure.what();
  }
  _exit(::testing::Test::HasFailure() ? 1 : 0);
}

void DaemonFixture::finish(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "another user's part failed";
}

bool DaemonFixture::has_finished(pid_t child) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == child;
}

const Run* last_run(const History& history, const std::string& process) {
  const auto slot = history.find(process);
  return slot ? history.process(*slot).current() : nullptr;
}

bool is_running(const History& history, std::uint32_t run, const std::string& process) {
  const Run* last = last_run(history, process);
  return last != nullptr && last->number == run && last->state == ProcessState::Running;
}

}  // namespace thermos
