#include "task_run.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "boot_id.h"

namespace thermos::real {
namespace {

constexpr unsigned kFileMode = 0644;

std::vector<std::string> environment_of(const std::map<std::string, std::string>& more) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    // A runner's own settings would come through.
    if (!name.starts_with("THERMOS_") && more.count(name) == 0) all.push_back(text);
  }
  for (const auto& [name, value] : more) {
    std::string entry = name;
    all.push_back(entry.append("=").append(value));
  }
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void become(const std::vector<char*>& words, const std::vector<char*>& environment,
                         const std::string& out, const std::string& err,
                         const Surroundings& surroundings) {
  // Whatever happens to the test, the program it started does not stay.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = ::open("/dev/null", O_RDONLY);
  const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, kFileMode);
  const int err_fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, kFileMode);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out_fd, STDOUT_FILENO);
  ::dup2(err_fd, STDERR_FILENO);
  for (const int fd : {null, out_fd, err_fd}) ::close(fd);
  if (!surroundings.directory.empty() && ::chdir(surroundings.directory.c_str()) != 0) ::_exit(127);
  if (surroundings.before_exec) surroundings.before_exec();
  ::execve(words.front(), words.data(), environment.data());
  ::_exit(127);
}

}  // namespace

// ---- Command -----------------------------------------------------------------------------------

Command::Command(const Words& words, const std::string& prefix, const Surroundings& surroundings)
    : prefix_(prefix) {
  Words mutable_words = words;
  std::vector<std::string> environment = environment_of(surroundings.environment);
  const std::vector<char*> word_pointers = pointers_to(mutable_words);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  pid_ = ::fork();
  if (pid_ == 0) {
    become(word_pointers, environment_pointers, prefix + ".out", prefix + ".err", surroundings);
  }
  EXPECT_GT(pid_, 0) << std::strerror(errno);
  watched_ = Watched(pid_);
}

Command::Command(Command&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      watched_(std::move(other.watched_)),
      prefix_(std::move(other.prefix_)) {}

Command::~Command() {
  if (pid_ > 0) destroy();
}

bool Command::ends_within(int milliseconds) const {
  return watched_.ends_within(milliseconds);
}

Ended Command::wait() {
  Ended ended;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  ended.out = read_file(prefix_ + ".out");
  ended.err = read_file(prefix_ + ".err");
  return ended;
}

void Command::signal(int number) const {
  EXPECT_TRUE(watched_.signal(number)) << std::strerror(errno);
}

void Command::destroy() {
  static_cast<void>(watched_.signal(SIGKILL));
  static_cast<void>(wait());
}

// ---- Site --------------------------------------------------------------------------------------

Site::Site() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::string name = "/tmp/thermos-real-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr) << std::strerror(errno);
  ::chmod(name.c_str(), 0755);  // for tests that run as someone else
  path_ = name;
  root_ = path_ + "/root";
  bin_ = THERMOS_BIN;
  ::mkdir(sandbox().c_str(), 0755);
}

Site::~Site() {
  if (exists(root_ + "/tasks/active") && !std::filesystem::is_empty(root_ + "/tasks/active")) {
    static_cast<void>(thermos({"kill", "--wait", "0", ".*"}));
  }
  EXPECT_TRUE(nothing_outlives());
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Site::log(const std::string& process, int run, const std::string& stream) const {
  return read_file(sandbox() + "/.logs/" + process + "/" + std::to_string(run) + "/" + stream);
}

void Site::publish_programs() {
  const std::string published = path_ + "/bin";
  std::filesystem::create_directory(published);
  for (const char* program : {"/thermos", "/thermos-coordinator"}) {
    std::filesystem::copy(bin_ + program, published + program);
  }
  bin_ = published;
}

std::string Site::write_config(const Json& task) {
  const std::string path = path_ + "/config" + std::to_string(configs_++) + ".json";
  std::ofstream(path) << task.dump(2);
  return path;
}

void Site::set_boot(char digit) {
  boot_ = path_ + "/boot" + digit;
  std::string id = "11111111-1111-4111-8111-111111111111\n";
  id[0] = digit;
  std::ofstream(boot_) << id;
}

Command Site::start(Words words, Surroundings surroundings) {
  words.insert(words.begin(), bin_ + "/thermos");
  words.insert(words.begin() + 2, {"--root", root_});
  for (const auto& [name, value] : environment_) surroundings.environment.emplace(name, value);
  if (surroundings.directory.empty()) surroundings.directory = path_;
  if (!boot_.empty()) {
    surroundings.before_exec = [boot = boot_, then = std::move(surroundings.before_exec)] {
      enter_boot(boot);
      if (then) then();
    };
  }
  return {words, path_ + "/program" + std::to_string(programs_++), surroundings};
}

Ended Site::thermos(const Words& words, const Surroundings& surroundings) {
  return start(words, surroundings).wait();
}

Words Site::run_words(const std::string& config, const std::string& id, const Words& more) const {
  Words words = {"run", "--task-id", id, "--sandbox", sandbox()};
  words.insert(words.end(), more.begin(), more.end());
  words.push_back(config);
  return words;
}

Command Site::start_run(const std::string& config, const std::string& id, const Words& more) {
  return start(run_words(config, id, more));
}

Ended Site::run(const Json& task, const std::string& id, const Words& more) {
  return start_run(write_config(task), id, more).wait();
}

Json Site::status(const std::string& id) {
  const Ended asked = thermos({"status", "--json", id});
  if (asked.code != 0) return {};
  return Json::parse(asked.out).at("tasks").at(0);
}

::testing::AssertionResult Site::reaches(const std::string& state, const std::string& id) {
  Json seen;
  auto came = wait_until(checkpoint(id), [&] {
    seen = status(id);
    return !seen.is_null() && seen.value("state", "") == state;
  });
  return came ? came : came << ": " << state << "; it is " << seen.dump(2);
}

::testing::AssertionResult Site::leads(const Command& runner, const std::string& id) {
  auto came = wait_until(checkpoint(id), [&] {
    const Json seen = status(id);
    return !seen.is_null() && !seen["statuses"].empty() &&
           seen["statuses"].back()["runner_pid"] == runner.pid();
  });
  return came ? came : came << ": pid " << runner.pid() << " leads " << id;
}

Json Site::run_in_state(const std::string& process, const std::string& state,
                        const std::string& id) {
  Json found;
  const auto came = wait_until(checkpoint(id), [&] {
    const Json seen = status(id);
    if (seen.is_null() || !seen["processes"].contains(process)) return false;
    const Json& latest = seen["processes"][process].back();
    if (latest["state"] != state) return false;
    found = latest;
    return true;
  });
  EXPECT_TRUE(came) << process << " " << state << "; it is " << status(id).dump(2);
  return found;
}

// ---- configurations ----------------------------------------------------------------------------

Json process(const std::string& name, const std::string& cmdline, const Json& more) {
  Json made{{"name", name}, {"cmdline", cmdline}};
  if (!more.is_null()) made.update(more);
  return made;
}

Json task(const std::vector<Json>& processes, const std::vector<Words>& orders, const Json& more) {
  Json made{{"name", "t"}, {"processes", processes}};
  if (!orders.empty()) {
    made["constraints"] = Json::array();
    for (const Words& order : orders) made["constraints"].push_back({{"order", order}});
  }
  if (!more.is_null()) made.update(more);
  return made;
}

// ---- what status says --------------------------------------------------------------------------

const Json& runs(const Json& status, const std::string& process) {
  static const Json none = Json::array();
  if (status.is_null() || !status.contains("processes")) return none;
  const auto it = status["processes"].find(process);
  return it == status["processes"].end() ? none : *it;
}

std::string states(const Json& status, const std::string& process) {
  std::string text;
  for (const Json& run : runs(status, process)) {
    if (!text.empty()) text += ' ';
    text += run["state"].get<std::string>();
  }
  return text;
}

std::string stages(const Json& status) {
  std::string text;
  std::string last;
  for (const Json& step : status["statuses"]) {
    if (step["state"] == last) continue;
    last = step["state"];
    text += (text.empty() ? "" : " ") + last;
  }
  return text;
}

double time_of(const Json& status, const std::string& state) {
  for (const Json& step : status["statuses"]) {
    if (step["state"] == state) return step["timestamp_ms"].get<double>() / 1000;
  }
  ADD_FAILURE() << "it never was " << state << ": " << status.dump(2);
  return 0;
}

double stop_time(const Json& status, const std::string& process) {
  const Json& all = runs(status, process);
  return all.empty() ? 0 : all.back().value("stop_time", 0.0);
}

double fork_time(const Json& status, const std::string& process) {
  const Json& all = runs(status, process);
  return all.empty() ? 0 : all.back().value("fork_time", 0.0);
}

std::map<std::string, int> count_lines(const std::string& path) {
  std::map<std::string, int> counts;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) ++counts[line];
  return counts;
}

}  // namespace thermos::real
