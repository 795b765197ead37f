#include "starving.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>

namespace thermos::real {
namespace {

// A hang is what is looked for.
constexpr int kPatience = 30'000;
// Behind it a program that has not ended is taken to wait for more of what it lacks.
constexpr int kStarving = 3'000;

// Where a program's output goes when its own files could be what is short: a pipe, read at its end.
class Spoken {
 public:
  Spoken() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK), 0); }
  ~Spoken() {
    for (const int fd : ends_) ::close(fd);
  }
  Spoken(const Spoken&) = delete;
  Spoken& operator=(const Spoken&) = delete;

  // In the child, ahead of its limits.
  void take() const {
    ::dup2(ends_[1], STDOUT_FILENO);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  std::string text() const {
    std::string all;
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = ::read(ends_[0], piece.data(), piece.size())) > 0;) {
      all.append(piece.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

Surroundings around(const std::function<void()>& identity, const std::function<void()>& limit,
                    const Spoken& spoken, const Site& site) {
  Surroundings made;
  // A sanitizer looks for leaks in a process of its own at the end, and would fail without one.
  made.environment = {{"HOME", site.path()}, {"ASAN_OPTIONS", "detect_leaks=0"}};
  made.before_exec = [=, &spoken] {
    spoken.take();
    if (identity) identity();
    if (limit) limit();
  };
  return made;
}

// What a person may find behind a command, when the machine was short of something.
bool documented(int code) {
  return code == 69 || code == 71 || code == 77;
}

bool names_a_shortage(const std::string& text) {
  for (const char* word :
       {"oo many open files", "Resource temporarily unavailable", "File too large",
        "No space left on device", "Cannot allocate memory", "Read-only file system"}) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

bool answers(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool answered = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return answered;
}

void raise_limits(pid_t pid) {
  for (const int number : {RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_FSIZE}) {
    const auto resource = static_cast<__rlimit_resource>(number);
    rlimit limit{};
    ::prlimit(pid, resource, nullptr, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::prlimit(pid, resource, &limit, nullptr);
  }
  for (const pid_t child : children_of(pid)) raise_limits(child);
}

// Gives it, and all below it, what there is. As their user: root may not be allowed to.
void feed(pid_t pid, const std::function<void()>& identity) {
  const pid_t feeder = ::fork();
  if (feeder == 0) {
    if (identity) identity();
    raise_limits(pid);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(feeder, &status, 0);
}

}  // namespace

std::function<void()> limited(int resource, rlim_t most, bool for_now) {
  return [resource, most, for_now] {
    rlimit limit{most, most};
    rlimit before{};
    ::getrlimit(static_cast<__rlimit_resource_t>(resource), &before);
    if (for_now) limit.rlim_max = before.rlim_max;
    if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) ::_exit(127);
  };
}

std::vector<long> range(long from, long to, long step) {
  std::vector<long> all;
  for (long size = from; size <= to; size += step) all.push_back(size);
  return all;
}

std::vector<long> sizes_of(const std::vector<long>& all, std::size_t some) {
  if (std::getenv("THERMOS_EVERY_SIZE") != nullptr || all.size() <= some) return all;
  std::vector<long> picked;
  for (std::size_t i = 0; i < some; ++i) picked.push_back(all[i * (all.size() - 1) / (some - 1)]);
  return picked;
}

Json starving_task() {
  const auto leave = [](const std::string& name) {
    return "n=0; while [ -e ran." + name + ".$n ]; do n=$((n+1)); done; exec mkdir ran." + name +
           ".$n";
  };
  const Json quick{{"min_duration", 0}};
  Json retried = quick;
  retried["max_failures"] = 3;
  Json last = quick;
  last["final"] = true;
  // The first run of "again" fails; it fails as well where it can't say why.
  return task(
      {process("first", leave("first"), quick),
       process("again", "[ -e tried ] || exec mkdir tried no/where; " + leave("again"), retried),
       process("beside", leave("beside"), quick), process("alone", leave("alone"), quick),
       process("after", leave("after"), quick), process("last", leave("last"), last)},
      {{"first", "again", "after"}, {"first", "beside", "after"}});
}

Starving::~Starving() {
  std::cout << "STARVED of " << what_ << ":";
  for (const auto& [outcome, times] : counts_) std::cout << " " << times << " " << outcome << ";";
  std::cout << "\n";
}

void Starving::check_end(Site& site, const std::string& where) {
  const Json status = site.status();
  ASSERT_FALSE(status.is_null()) << where;
  EXPECT_EQ(status["state"], "SUCCESS") << where << status.dump(2);
  for (const Json& described : starving_task()["processes"]) {
    const std::string name = described["name"];
    const Json& all = runs(status, name);
    const int failures = name == "again" ? 1 : 0;
    int failed = 0;
    int excused = 0;
    int succeeded = 0;
    for (const Json& run : all) {
      failed += run["state"] == "FAILED" ? 1 : 0;
      succeeded += run["state"] == "SUCCESS" ? 1 : 0;
      excused += run["state"] == "LOST" || run["state"] == "KILLED" ? 1 : 0;
    }
    int ran = 0;
    while (exists(site.in_sandbox("ran." + name + "." + std::to_string(ran)))) ++ran;
    EXPECT_EQ(succeeded, 1) << where << name << all.dump();
    // A first run that is LOST may have tried.
    EXPECT_LE(failed, failures) << where << name << all.dump();
    EXPECT_GE(failed + excused, failures) << where << name << all.dump();
    EXPECT_GE(ran, 1) << where << name << all.dump();
    EXPECT_LE(ran, 1 + excused) << where << name << all.dump();
    if (excused > 0) count("runs LOST or KILLED");
  }
  const Ended checked = site.thermos({"fsck"});
  EXPECT_EQ(checked.code, 0) << where << checked.out << checked.err;
}

void Starving::run(Site& site, long size, const std::function<void()>& limit,
                   const std::function<void()>& lift) {
  const std::string where = what_ + " " + std::to_string(size) + ": ";
  const std::string config = site.write_config(starving_task());
  {
    const Spoken spoken;
    Command starved =
        site.start(site.run_words(config, "t"), around(identity, limit, spoken, site));
    std::string said;
    bool ended = starved.ends_within(kStarving);
    said = spoken.text();
    // A coordinator without a process for its shell waits by itself before it gives up and says so.
    for (int waited = 0; !ended && waited < kPatience && !names_a_shortage(said);
         waited += kStarving) {
      ended = starved.ends_within(kStarving);
      said += spoken.text();
    }
    if (!ended) {
      // It waits for more, and has said so; with more it goes on by itself.
      count("waited for more");
      EXPECT_TRUE(names_a_shortage(said)) << where << said;
      if (!can_be_fed) starved.signal(SIGKILL);
      feed(starved.pid(), identity);
      if (lift) lift();
    }
    if (!starved.ends_within(kPatience)) {
      count("hung");
      ADD_FAILURE() << where << "it hangs; so far: " << said << spoken.text()
                    << site.status().dump(1);
      starved.destroy();
    } else {
      const int code = starved.wait().code;
      said += spoken.text();
      if (code != 0 && !(kernel_kills && code == -SIGKILL)) {
        EXPECT_TRUE(documented(code) || (code == -SIGKILL && !can_be_fed))
            << where << code << ": " << said;
        EXPECT_TRUE(names_a_shortage(said)) << where << code << ": " << said;
      }
      count(code == 0 ? "to the end" : "ended with " + std::to_string(code));
    }
  }
  if (lift) lift();
  const Spoken spoken;
  Command resumed = site.start(site.run_words(config, "t"), around(identity, {}, spoken, site));
  if (!resumed.ends_within(kPatience)) {
    count("hung at the resume");
    ADD_FAILURE() << where << "the resume hangs; so far: " << spoken.text()
                  << site.status().dump(1);
    resumed.destroy();
    return;
  }
  const int code = resumed.wait().code;
  const std::string said = spoken.text();
  EXPECT_TRUE(code == 0 || (code == 64 && said.find("ended already: SUCCESS") != std::string::npos))
      << where << code << ": " << said;
  check_end(site, where);
}

void Starving::serve(Site& site, long size, const std::function<void()>& limit,
                     const std::function<void()>& lift) {
  const std::string where = "daemon, " + what_ + " " + std::to_string(size) + ": ";
  const std::string config = site.write_config(starving_task());
  const std::string socket = site.path() + "/socket";
  const Words daemon_words{THERMOS_BIN "/thermos-reactor", "--root", site.root(), "--socket",
                           socket};
  const auto listens = [&](const Command& daemon) {
    // Its socket has a name before it takes anybody.
    while (!answers(socket)) {
      if (daemon.ends_within(20)) return false;
    }
    return true;
  };
  const auto client = [&](Words words) {
    Command command = site.start(std::move(words));
    const bool ended = command.ends_within(kPatience);
    EXPECT_TRUE(ended) << where << "a client hangs";
    if (!ended) {
      count("clients hung");
      command.destroy();
      return Ended{-SIGKILL, "", ""};
    }
    return command.wait();
  };
  const auto stop = [&](Command& daemon, const Spoken& spoken) {
    daemon.signal(SIGTERM);
    const bool ended = daemon.ends_within(kPatience);
    EXPECT_TRUE(ended) << where << "the daemon does not stop: " << spoken.text();
    if (ended) return daemon.wait().code;
    count("daemons hung");
    daemon.destroy();
    return -SIGKILL;
  };
  const Words submit{"submit", "--wait",    "--socket",     socket, "--task-id",
                     "t",      "--sandbox", site.sandbox(), config};
  {
    const Spoken spoken;
    Command daemon(daemon_words, site.path() + "/daemon", around(identity, limit, spoken, site));
    if (!listens(daemon)) {
      const int code = daemon.wait().code;
      const std::string said = spoken.text();
      EXPECT_TRUE(documented(code)) << where << code << ": " << said;
      EXPECT_TRUE(names_a_shortage(said)) << where << code << ": " << said;
      count("daemons refused to start");
    } else {
      Command submitted = site.start(submit);
      bool ended = submitted.ends_within(kStarving);
      std::string said = spoken.text();
      // A busy machine is slow where nothing is short.
      for (int waited = 0; !ended && waited < kPatience && !names_a_shortage(said);
           waited += kStarving) {
        ended = submitted.ends_within(kStarving);
        said += spoken.text();
      }
      if (!ended) {
        // It waits, and has said for what; the next daemon goes on.
        count("waited for more");
        EXPECT_TRUE(names_a_shortage(said)) << where << said;
        if (lift) {
          lift();
          EXPECT_TRUE(submitted.ends_within(kPatience)) << where << said << spoken.text();
        }
        if (!submitted.ends_within(0)) submitted.signal(SIGKILL);
      }
      const Ended asked = submitted.wait();
      if (asked.code != 0 && asked.code != -SIGKILL) {
        EXPECT_TRUE(documented(asked.code)) << where << asked.code << ": " << asked.err;
        EXPECT_TRUE(names_a_shortage(asked.err + said + spoken.text()))
            << where << asked.code << ": " << asked.err;
      }
      count(asked.code == 0 ? "to the end" : "submits ended with " + std::to_string(asked.code));
      if (!daemon.ends_within(0)) {
        EXPECT_EQ(stop(daemon, spoken), 0) << where << spoken.text();
      } else {
        const int code = daemon.wait().code;
        EXPECT_TRUE(documented(code)) << where << code << ": " << spoken.text();
        count("daemons ended with " + std::to_string(code));
      }
    }
  }
  if (lift) lift();
  std::filesystem::remove(socket);
  const Spoken spoken;
  Command daemon(daemon_words, site.path() + "/daemon", around(identity, {}, spoken, site));
  ASSERT_TRUE(listens(daemon)) << where << spoken.text();
  Ended ended = client({"wait", "--socket", socket, "t"});
  // It was not accepted, or not to the end.
  const bool again = ended.err.find("submit it again") != std::string::npos;
  if (ended.code == 66 || again) ended = client(submit);
  EXPECT_EQ(ended.code, 0) << where << ended.out << ended.err << spoken.text();
  EXPECT_EQ(stop(daemon, spoken), 0);
  check_end(site, where);
}

}  // namespace thermos::real
