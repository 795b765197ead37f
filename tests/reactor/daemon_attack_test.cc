// A stranger who knows the protocol asks everything of everything, in every bad manner, while
// another user goes on with what is theirs: that one is answered at once, the daemon's memory and
// descriptors come back, and the stranger learns nothing of others' tasks.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>

#include "daemon_fixture.h"
#include "past_task.h"
#include "reactor/control/control_framing.h"

namespace thermos {
namespace {

using Random = std::mt19937_64;

#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
constexpr int kPast = 1000;
constexpr int kLarge = 1000;
constexpr int kNames = 300;
#else
constexpr bool kSanitized = false;
constexpr int kPast = 10'000;
constexpr int kLarge = 9000;
constexpr int kNames = 1500;
#endif

// What nobody but root may read, all of which a stranger's replies are searched for. The stranger
// never says any of it.
constexpr std::string_view kSecret = "Geheimnis";

// A connection that does as it likes, and looks at every byte that comes back.
class Stranger {
 public:
  explicit Stranger(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ =
        ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  }

  bool connected() const { return connected_; }
  int fd() const { return socket_.get(); }
  std::size_t unsent() const { return out_.size(); }
  void ask(control::RequestBody body) {
    if (auto payload = control::encode(control::Request{next_++, std::move(body)})) {
      out_.put(*payload);
    }
  }
  // As much as goes without waiting; at most `most` bytes.
  bool push(std::size_t most = ~std::size_t{0}) {
    const Bytes bytes = out_.bytes();
    const ssize_t sent =
        send(socket_.get(), bytes.data(), std::min(bytes.size(), most), MSG_NOSIGNAL);
    if (sent > 0) out_.consume(static_cast<std::size_t>(sent));
    return sent > 0 || (sent < 0 && errno == EAGAIN);
  }
  void push_raw(const void* bytes, std::size_t size) {
    static_cast<void>(send(socket_.get(), bytes, size, MSG_NOSIGNAL));
  }
  void say_no_more() { shutdown(socket_.get(), SHUT_WR); }
  // False: the daemon hung up.
  bool pull() {
    std::array<char, 65536> room;
    for (;;) {
      const ssize_t got = recv(socket_.get(), room.data(), room.size(), 0);
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
      look_at({room.data(), static_cast<std::size_t>(got)});
    }
  }
  // Sends all of it and reads until nothing has come for a while, or `done` says so.
  void converse(const std::function<bool()>& done) {
    while (!done()) {
      pollfd ready{socket_.get(), static_cast<short>(POLLIN | (out_.size() > 0 ? POLLOUT : 0)), 0};
      if (::poll(&ready, 1, 60'000) <= 0) {
        ADD_FAILURE() << "the daemon has fallen silent";
        return;
      }
      if (out_.size() > 0 && !push()) return;
      if (!pull()) return;
    }
  }
  std::size_t received() const { return received_; }

 private:
  void look_at(std::string_view bytes) {
    received_ += bytes.size();
    // What a piece's end cuts is found with the next one.
    seen_.append(bytes);
    if (seen_.find(kSecret) != std::string::npos) {
      ADD_FAILURE() << "a stranger was told: " << seen_.substr(seen_.find(kSecret), 60);
    }
    if (seen_.size() > kSecret.size()) seen_.erase(0, seen_.size() - kSecret.size());
  }

  Descriptor socket_;
  bool connected_ = false;
  OutgoingStream out_;
  std::uint64_t next_ = 1;
  std::string seen_;
  std::size_t received_ = 0;
};

// The grammar: every request, with every field from all that may be in it and much that may not.
class Requests {
 public:
  explicit Requests(std::uint64_t seed) : random_(seed) {}

  control::RequestBody next() {
    switch (random_() % 10) {
      case 0:
        return control::AskVersion{};
      case 1:
        return submission();
      case 2:
        return control::AskKill{patterns(), {number(), random_() % 2 == 0}};
      case 3: {
        control::AskStatus ask;
        ask.patterns = patterns();
        ask.finished = random_() % 2 == 0;
        return ask;
      }
      case 4:
        return control::AskWait{id(), number()};
      case 5:
        return control::Subscribe{patterns(), random_() % 3 == 0 ? random_() : random_() % 3,
                                  random_() % 4 != 0};
      case 6:
        return control::AskOrder{id(), {text(), static_cast<Verb>(random_() % 3), number()}};
      case 7:
        return control::AskDrain{number()};
      default: {
        control::AskList ask;
        ask.patterns = patterns();
        ask.active = random_() % 4 != 0;
        return ask;
      }
    }
  }

  std::string text() {
    constexpr std::array<const char*, 12> kWords = {
        "p",    "{{x}}",    "{{super.processes[0].cmdline}}",
        ".*",   "",         "..",
        "a/b",  "nobody",   "root",
        "/tmp", "\xff\xfe", "\x1b[2J\n<0>forged"};
    std::string made = kWords[random_() % kWords.size()];
    for (std::size_t n = random_() % 5; n > 0; --n) made += static_cast<char>(1 + random_() % 255);
    if (random_() % 50 == 0) made.append(random_() % 100'000, 'x');
    return made;
  }

 private:
  std::int64_t number() {
    constexpr std::array<std::int64_t, 6> kNumbers = {0, -1, 1, 1'000'000, INT64_MAX, INT64_MIN};
    return kNumbers[random_() % kNumbers.size()];
  }
  std::string id() { return random_() % 3 == 0 ? text() : "own" + std::to_string(random_() % 20); }
  std::string pattern() {
    constexpr std::array<const char*, 8> kPatterns = {
        ".*", "own1", "(a*)*b", "((((.*)*)*)*)*x", "[[:alpha:]]+", "(", "a{9}", "\\b(?=x)"};
    return random_() % 4 == 0 ? text() : kPatterns[random_() % kPatterns.size()];
  }
  std::vector<std::string> patterns() {
    std::vector<std::string> made;
    const std::size_t count = random_() % 20 == 0 ? random_() % 110 : random_() % 3;
    while (made.size() < count) made.push_back(pattern());
    return made;
  }
  control::Submit submission() {
    control::Submit submit;
    submit.task_id = id();
    submit.config = R"({"name": "t", "processes": [{"name": "p", "cmdline": "true"}]})";
    if (random_() % 3 == 0) submit.config[random_() % submit.config.size()] ^= 1;
    if (random_() % 4 == 0) submit.config = text();
    if (random_() % 4 == 0) submit.sandbox = text();
    if (random_() % 4 == 0) submit.user = text();
    submit.chroot = random_() % 8 == 0;
    if (random_() % 4 == 0) submit.ports[text()] = 80;
    return submit;
  }

  Random random_;
};

class DaemonAttackTest : public DaemonFixture {
 protected:
  // One of the daemon's figures: VmRSS and VmHWM in kB.
  std::uint64_t figure(const std::string& name) const {
    std::ifstream file("/proc/" + std::to_string(daemon()) + "/status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1));
    }
    return 0;
  }
  std::int64_t cpu_of_daemon() const {
    clockid_t clock = 0;
    timespec used{};
    clock_getcpuclockid(daemon(), &clock);
    clock_gettime(clock, &used);
    return std::int64_t{used.tv_sec} * 1'000'000 + used.tv_nsec / 1000;
  }
  static std::int64_t wall() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  }

  // `attack` runs as a stranger. Meanwhile another user asks for the version again and again, and
  // no answer waits for a tenth of the attack, or for as long as a few large answers take where
  // that is more. On a machine that is busy with other things the time of day says nothing of the
  // daemon, so what counts is the lesser of that and the daemon's own processor time between
  // question and answer.
  void attack(const char* what, const std::function<void()>& work) {
    std::vector<std::int64_t> taken;
    const std::size_t quiet = descriptors();
    ControlClient bystander = connect();
    const std::int64_t began = wall();
    const pid_t stranger = begin_as_user(kNobody, work);
    do {
      const std::int64_t cpu = cpu_of_daemon();
      const std::int64_t start = wall();
      ASSERT_TRUE(bystander.send(control::AskVersion{}).ok()) << what;
      const auto reply = bystander.receive(60 * kSecond);
      ASSERT_TRUE(reply.ok() && *reply) << what << ": no answer";
      taken.push_back(std::min(wall() - start, cpu_of_daemon() - cpu));
    } while (!has_finished(stranger));
    finish(stranger);
    const std::int64_t whole = wall() - began;
    const std::int64_t worst = *std::max_element(taken.begin(), taken.end());
    if (!kSanitized) {
      EXPECT_LE(worst, std::max(3 * large_answer_, whole / 10))
          << what << ": microseconds, of " << taken.size() << " answers";
    }
    RecordProperty(what, static_cast<int>(worst));
    std::printf("%s: %.1f s, %zu answers, the slowest %.1f ms\n", what,
                static_cast<double>(whole) / 1e6, taken.size(), static_cast<double>(worst) / 1000);
    wait_for_descriptors(quiet + 1);
  }

  // The daemon with many tasks of root and of the stranger's, ended and alive.
  void start_among_many() {
    if (geteuid() != 0) GTEST_SKIP() << "only root can be several users";
    make_past_directories(paths());
    for (int i = 0; i < kPast; ++i) {
      PastTaskOnDisk task;
      const bool theirs = i % 2 == 0;
      task.id =
          theirs ? "past" + std::to_string(i) : std::string(kSecret) + "-" + std::to_string(i);
      task.uid = theirs ? kNobody : 0;
      task.position = 1000 + static_cast<std::uint64_t>(i) * 10;
      if (!theirs) task.process = task.cmdline = task.sandbox = std::string(kSecret);
      put_past_task(paths(), task);
    }
    PastTaskOnDisk large;
    large.id = "pastlarge";
    large.uid = kNobody;
    large.processes = kLarge;
    large.position = 1;
    put_past_task(paths(), large);
    std::ofstream(path("config.json")) << R"({"connections_per_user": 400})";
    start({"--config", path("config.json")});
    const std::string secret(kSecret);
    submit(secret + "-alive", R"({"name": ")" + secret + R"(", "processes": [{"name": ")" + secret +
                                  R"(", "cmdline": ": )" + secret + R"(; exec sleep 1000"}]})");
    until_running_secret();
    as_user(kNobody, [&] { submit("own1", one("exec sleep 1000")); });
    follow("own1", [](const History& history) { return is_running(history, 0); });
    as_user(kNobody, [&] {
      control::AskStatus query;
      query.patterns = {"pastlarge"};
      const auto status = ask(query);
      ASSERT_EQ(status.size(), 2U);
      // It may be too long for a message, and then it is said.
      EXPECT_NE(std::get<control::StatusText>(status[0]).json.find("SUCCESS"), std::string::npos);
      // Everything that is known of the tasks is known from here on.
      EXPECT_EQ(ask(control::AskList{}).size(), static_cast<std::size_t>(kPast / 2 + 3));
    });
    const std::int64_t before = cpu_of_daemon();
    control::AskStatus query;
    query.patterns = {"pastlarge"};
    EXPECT_EQ(ask(query).size(), 2U);
    large_answer_ = cpu_of_daemon() - before;
    std::printf("a large answer: %.1f ms\n", static_cast<double>(large_answer_) / 1000);
  }
  void until_running_secret() {
    const std::string secret(kSecret);
    follow(secret + "-alive",
           [&](const History& history) { return is_running(history, 0, secret); });
  }
  void expect_all_back(std::size_t descriptors_before, std::uint64_t memory_before) {
    wait_for_descriptors(descriptors_before);
    if (kSanitized) return;
    EXPECT_LE(figure("VmRSS"), memory_before * 3 / 2 + 16 * 1024);
    EXPECT_LE(figure("VmHWM"), memory_before + 160 * 1024);
    std::printf("kB of memory: %llu before, %llu at most, %llu after\n",
                static_cast<unsigned long long>(memory_before),
                static_cast<unsigned long long>(figure("VmHWM")),
                static_cast<unsigned long long>(figure("VmRSS")));
  }

  // Microseconds of the daemon's processor time; a guess where it was not measured.
  std::int64_t large_answer_ = 33'000;
};

TEST_F(DaemonAttackTest, EverythingIsAskedOfEverything) {
  start_among_many();
  if (IsSkipped()) return;
  const std::size_t descriptors_before = descriptors();
  const std::uint64_t memory_before = figure("VmRSS");
  const std::string socket = socket_path();

  attack("requests without number", [&] {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      Requests requests(seed);
      Stranger stranger(socket);
      for (int i = 0; i < 100; ++i) stranger.ask(requests.next());
      if (seed % 2 == 0) {
        // All of it, then nothing more: answered, and hung up.
        stranger.converse([&] { return stranger.unsent() == 0; });
        stranger.say_no_more();
        stranger.converse([] { return false; });
      } else {
        stranger.converse([&] { return stranger.unsent() == 0; });
      }
    }
  });

  attack("lists, one behind the other", [&] {
    Stranger stranger(socket);
    for (int i = 0; i < 100; ++i) stranger.ask(control::AskList{});
    for (int i = 0; i < 3; ++i) stranger.ask(control::AskStatus{});
    stranger.converse([&] { return stranger.unsent() == 0; });
    stranger.say_no_more();
    stranger.converse([] { return false; });
    EXPECT_GT(stranger.received(), 100U * kPast / 2 * 16);
  });

  attack("who asks and does not read", [&] {
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int i = 0; i < 300; ++i) {
      strangers.push_back(std::make_unique<Stranger>(socket));
      if (!strangers.back()->connected()) break;
      for (int n = 0; n < 200; ++n) {
        if (n % 2 == 0) {
          strangers.back()->ask(control::AskList{});
        } else {
          strangers.back()->ask(control::AskStatus{});
        }
      }
    }
    for (int round = 0; round < 10; ++round) {
      for (const auto& stranger : strangers) stranger->push();
    }
    // And one of them changes their mind.
    for (int n = 0; n < 200 && strangers[0]->received() < 2'000'000; ++n) strangers[0]->pull();
  });

  attack("subscriptions under a flood", [&] {
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int i = 0; i < 100; ++i) {
      strangers.push_back(std::make_unique<Stranger>(socket));
      control::Subscribe subscribe;
      subscribe.since = static_cast<std::uint64_t>(i % 2);
      for (int n = 0; n < 20; ++n)
        subscribe.patterns.push_back("((a*)*(b*)*)*" + std::to_string(n));
      subscribe.patterns.push_back(".*");
      strangers.back()->ask(subscribe);
      strangers.back()->push();
    }
    // News for them all.
    for (int i = 0; i < 20; ++i) {
      submit("flood" + std::to_string(i), one("true"));
    }
    for (int i = 0; i < 20; ++i) EXPECT_EQ(state_at_end("flood" + std::to_string(i)), "SUCCESS");
    Stranger& reader = *strangers.front();
    for (int round = 0; round < 50; ++round) reader.pull();
  });

  attack("bytes that are no messages", [&] {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      Random random(seed);
      Requests requests(seed);
      Stranger stranger(socket);
      for (int i = 0; i < 5; ++i) stranger.ask(requests.next());
      if (seed % 3 == 0) {
        while (stranger.unsent() > 0 && stranger.push(1) && stranger.unsent() % 64 != 0) continue;
      } else if (seed % 3 == 1) {
        stranger.push(random() % 200);
        std::array<std::uint64_t, 64> noise;
        for (std::uint64_t& word : noise) word = random();
        stranger.push_raw(noise.data(), sizeof noise);
      } else {
        stranger.push(random() % 4096);
      }
      stranger.pull();
    }
  });

  attack("connections to the limit", [&] {
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int i = 0; i < 1500; ++i) {
      strangers.push_back(std::make_unique<Stranger>(socket));
      strangers.back()->ask(control::AskVersion{});
      strangers.back()->push();
      if (strangers.size() > 900) strangers.erase(strangers.begin());
    }
  });

  expect_all_back(descriptors_before, memory_before);
}

// One pattern may take a millisecond for each name.
TEST_F(DaemonAttackTest, OrdersByPatternsHoldUpNobody) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be several users";
  start();
  std::string config =
      R"({"max_concurrency": 1, "processes": [{"name": "p", "cmdline": "exec sleep 1000"})";
  for (int i = 0; i < kNames; ++i) {
    const std::string number = std::to_string(i);
    config += R"(, {"name": ")" + std::string(60 - number.size(), 'a') + number +
              R"(", "argv": ["true"]})";
  }
  as_user(kNobody, [&] { submit("own", config + "]}"); });
  // What the daemon opens for it is open before the attack counts descriptors.
  follow("own", [](const History& history) { return is_running(history, 0); });
  std::string pattern = "(a";
  while (pattern.size() < 240) pattern += "|a";
  pattern += ")*x";
  const std::string socket = socket_path();
  attack("orders by patterns", [&] {
    Stranger stranger(socket);
    stranger.ask(control::AskOrder{"own", {"", Verb::Stop, {}}, {pattern}});
    stranger.converse([&] { return stranger.unsent() == 0; });
    stranger.say_no_more();
    stranger.converse([] { return false; });
    // That no process has such a name.
    EXPECT_GT(stranger.received(), pattern.size());
  });
  as_user(kNobody, [&] {
    const auto error = refused(control::AskOrder{"own", {"", Verb::Stop, {}}, {"a", "a.*x"}});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::NotFound) << error->message;
    const std::vector<std::string> many(17, pattern);
    EXPECT_EQ(refused(control::AskOrder{"own", {"", Verb::Stop, {}}, many})->code,
              ErrorCode::Usage);
  });
}

// 640 KB that were a gigabyte of a task, and nine thousand processes that are one.
TEST_F(DaemonAttackTest, ASubmissionCostsWhatItSays) {
  start_among_many();
  if (IsSkipped()) return;
  const std::size_t descriptors_before = descriptors();
  const std::uint64_t memory_before = figure("VmRSS");
  const int kMany = kSanitized ? 500 : 9000;
  const auto many = [&](const std::string& first, const std::string& rest) {
    std::string config =
        R"({"name": "t", "max_concurrency": 1, "processes": [{"name": "p0", "cmdline": ")" + first +
        "\"}";
    for (int i = 1; i < kMany; ++i) {
      config += R"(,{"name": "p)" + std::to_string(i) + R"(","cmdline": ")" + rest + "\"}";
    }
    return config + "]}";
  };
  attack("a task that refers to itself", [&] {
    const auto error = refused(
        submission("laughs", many(std::string(100'000, 'x'), "{{super.processes[0].cmdline}}")));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::BadConfig);
  });
  EXPECT_FALSE(std::filesystem::exists(paths().active_task("laughs")));
  const auto expect_bad = [&](const std::string& config) {
    const auto error = refused(submission("bad", config));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::BadConfig) << error->message;
  };
  attack("patterns that repeat nothing, and one that repeats without end", [&] {
    const auto with = [](const std::string& pattern) {
      return one("true", R"(, "ready": {"log": ")" + pattern + "\"}");
    };
    for (const char* nothing : {"(a{0}b)", "(()a)"}) {
      expect_bad(with(nothing + std::string("{1000}{1000}{1000}{1000}{1000}")));
    }
    submit("nothing", with("(){1000}{1000}{1000}{1000}{1000}"));
    EXPECT_EQ(state_at_end("nothing"), "SUCCESS");
    expect_bad(with("a" + std::string(300'000, '+')));
  });
  attack("a task that is to be expanded", [&] {
    std::string values = "[1";
    for (int i = 1; i < 100; ++i) values += ",1";
    values += "]";
    std::string config = R"({"name": "t", "processes": [)";
    for (int i = 0; i < kMany; ++i) {
      config += (i == 0 ? "" : ",") + std::string(R"({"name":"p)") + std::to_string(i) +
                R"(","cmdline":":","matrix":{"a":)" + (i < 100 ? values : "[1]") +
                (i < 100 ? R"(,"b":)" + values : "") + "}}";
    }
    expect_bad(config + "]}");
  });
  attack("a task of many processes", [&] {
    submit("many", many("exec sleep 1000", "true"));
    EXPECT_FALSE(refused(control::AskKill{{"many"}, {0, true}}));
  });
  expect_all_back(descriptors_before, memory_before);
}

}  // namespace
}  // namespace thermos
