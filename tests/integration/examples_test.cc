// The examples run, and go on where they were when their runner is killed.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "examples.h"
#include "free_ports.h"
#include "task_run.h"

namespace thermos::real {
namespace {

void touch(const std::string& path) {
  std::ofstream file(path);
}

// Waits until the latest run of the process is ready on record, and returns it.
Json ready_run(Site& site, const std::string& process) {
  Json run;
  EXPECT_TRUE(wait_until(site.checkpoint("t"), [&] {
    const Json status = site.status();
    if (!status.is_object() || !status["processes"].contains(process)) return false;
    run = status["processes"][process].back();
    return run.contains("ready_time");
  })) << site.status().dump(2);
  return run;
}

// A FIFO in the place of a file that a process writes: the process is held until it is read.
class Held {
 public:
  Held(const std::string& directory, const std::string& name) : path_(directory + "/" + name) {
    EXPECT_TRUE(std::filesystem::create_directories(directory));
    EXPECT_EQ(mkfifo(path_.c_str(), 0666), 0);
  }
  std::string read() const { return read_file(path_); }

 private:
  std::string path_;
};

TEST(Examples, ContinuousIntegration) {
  Site site;
  const std::string config = example("ci.yaml");
  const Held lint(site.in_sandbox("out"), "lint");
  Command first = site.start_run(config);
  const Json held = site.run_in_state("lint", "RUNNING");
  first.destroy();
  Command second = site.start_run(config);
  ASSERT_TRUE(site.leads(second));
  EXPECT_EQ(site.run_in_state("lint", "RUNNING")["pid"], held["pid"]);
  EXPECT_EQ(lint.read(), "nothing to complain of\n");
  const Ended ended = second.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_one_run_each(site);
  const Json processes = site.status()["processes"];
  EXPECT_EQ(processes.size(), 9U);
  EXPECT_TRUE(processes.contains("test-3.11-postgres"));
  EXPECT_FALSE(processes.contains("test-3.9-postgres"));
  EXPECT_EQ(read_file(site.in_sandbox("out/build")), "built with -O2 -g\n");
  const std::string published = read_file(site.in_sandbox("out/published"));
  EXPECT_EQ(std::count(published.begin(), published.end(), '\n'), 5);
  EXPECT_NE(published.find("python 3.12 on postgres: built with -O2 -g\n"), std::string::npos);
  EXPECT_EQ(read_file(site.in_sandbox("out/result")), "SUCCESS\n");
}

TEST(Examples, WebStack) {
  Site site;
  const std::string config = example("webstack.yaml");
  const Words ports = free_ports({"http", "db"});
  const Held worker(site.in_sandbox("jobs"), "done");
  Command first = site.start_run(config, "t", ports);
  const Json database = ready_run(site, "database");
  first.destroy();
  Command second = site.start_run(config, "t", ports);
  ASSERT_TRUE(site.leads(second));
  EXPECT_EQ(worker.read(), "working with v1\n");
  const Ended ended = second.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_one_run_each(site);
  EXPECT_EQ(runs(site.status(), "database").back()["pid"], database["pid"]);
}

TEST(Examples, Daemons) {
  Site site;
  const std::string config = example("daemons.yaml");
  const Words ports = free_ports({"http"});
  Command first = site.start_run(config, "t", ports);
  const Json web = ready_run(site, "web");
  ASSERT_TRUE(wait_for_text(site.in_sandbox("queue/2/started"), "worker 2\n"));
  const Json worker = site.run_in_state("queue-1", "RUNNING");
  first.destroy();
  Command second = site.start_run(config, "t", ports);
  ASSERT_TRUE(site.leads(second));
  EXPECT_EQ(runs(site.status(), "web").back()["pid"], web["pid"]);
  // A worker that dies is started again.
  ASSERT_TRUE(wait_for_text(site.in_sandbox("queue/1/started"), "worker 1\n"));
  ASSERT_EQ(kill(worker["pid"].get<pid_t>(), SIGKILL), 0);
  ASSERT_TRUE(wait_for_text(site.in_sandbox("queue/1/started"), "worker 1\nworker 1\n"));
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
  EXPECT_EQ(second.wait().code, 2);
  EXPECT_EQ(runs(site.status(), "web").size(), 1U);
  EXPECT_EQ(runs(site.status(), "queue-2").size(), 1U);
}

// The directory of PostgreSQL's programs; "" if it is not installed.
std::string postgres_programs() {
  const std::filesystem::path all = "/usr/lib/postgresql";
  if (!std::filesystem::is_directory(all)) return "";
  for (const auto& version : std::filesystem::directory_iterator(all)) {
    if (access((version.path() / "bin/initdb").c_str(), X_OK) == 0) return version.path() / "bin";
  }
  return "";
}

TEST(Examples, PostgreSql) {
  const std::string programs = postgres_programs();
  if (programs.empty()) GTEST_SKIP() << "PostgreSQL is not installed (apt install postgresql)";
  const passwd* user = getpwnam("postgres");
  const bool root = geteuid() == 0;
  if (root && user == nullptr) GTEST_SKIP() << "there is no user postgres to run it as";
  Site site;
  Words options = free_ports({"http", "db"});
  options.insert(options.end(), {"-E", "bin=" + programs});
  if (root) {
    options.insert(options.end(), {"--user", "postgres"});
    ASSERT_EQ(chmod(site.path().c_str(), 0755), 0);
    ASSERT_EQ(chown(site.sandbox().c_str(), user->pw_uid, user->pw_gid), 0);
  }
  touch(site.in_sandbox("hold"));
  const std::string config = example("postgres.yaml");
  Command first = site.start_run(config, "t", options);
  const Json database = ready_run(site, "database");
  first.destroy();
  Command second = site.start_run(config, "t", options);
  const Json worker = site.run_in_state("worker", "RUNNING");
  second.destroy();
  Command third = site.start_run(config, "t", options);
  ASSERT_TRUE(site.leads(third));
  // The password that was made is in the file alone.
  std::string password = read_file(site.in_sandbox("password"));
  password.erase(password.find_last_not_of('\n') + 1);
  ASSERT_EQ(password.size(), 24U);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(site.root())) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(read_file(entry.path()).find(password), std::string::npos) << entry.path();
  }
  touch(site.in_sandbox("go"));
  const Ended ended = third.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_one_run_each(site);
  EXPECT_EQ(runs(site.status(), "database").back()["pid"], database["pid"]);
  EXPECT_EQ(runs(site.status(), "worker").back()["pid"], worker["pid"]);
  EXPECT_EQ(read_file(site.in_sandbox("done")), "10\n");
}

}  // namespace
}  // namespace thermos::real
