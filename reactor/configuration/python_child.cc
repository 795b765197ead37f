#include "reactor/configuration/python_child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <optional>
#include <set>
#include <sstream>

#include "reactor/os/argument_pointers.h"
#include "reactor/os/clocks.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"

namespace thermos {
namespace {

std::set<pid_t> children() {
  std::set<pid_t> all;
  const auto text = read_file("/proc/thread-self/children");
  std::istringstream words(text ? *text : std::string());
  for (pid_t pid = 0; words >> pid;) all.insert(pid);
  return all;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// While this object lives, this program adopts the orphans of its children
// (PR_SET_CHILD_SUBREAPER).
class Orphanage {
 public:
  Orphanage() : before_(children()) {
    ::prctl(PR_GET_CHILD_SUBREAPER, &was_);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  ~Orphanage() { ::prctl(PR_SET_CHILD_SUBREAPER, was_); }
  Orphanage(const Orphanage&) = delete;
  Orphanage& operator=(const Orphanage&) = delete;

  // Kills all adopted orphans, and those that are adopted because of that.
  void empty() const {
    for (bool some = true; some;) {
      some = false;
      for (const pid_t pid : children()) {
        // A shell that exec'd this program may have left it children.
        if (before_.count(pid) != 0) continue;
        some = true;
        ::kill(pid, SIGKILL);  // it is not reaped, so the pid is not recycled
        wait_for(pid);
      }
    }
  }

 private:
  std::set<pid_t> before_;
  int was_ = 0;
};

// Waits for the end of the child. Returns false if the time limit is reached first.
Result<bool> ends_in_time(pid_t pid, Microseconds limit) {
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return system_error("pidfd_open", errno);
  const Microseconds until = read_clocks().boot + limit;
  for (;;) {
    // Rounded up, or poll() would spin during the last millisecond.
    const Microseconds left = std::max<Microseconds>((until - read_clocks().boot) / 1000 + 1, 0);
    const int most = std::numeric_limits<int>::max();
    pollfd ended{process.get(), POLLIN, 0};
    const int ready = ::poll(&ended, 1, static_cast<int>(std::min<Microseconds>(left, most)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return system_error("poll", errno);
    if (read_clocks().boot >= until) return false;
  }
}

}  // namespace

Result<EvaluationEnd> evaluate(Evaluation evaluation) {
  const std::string& program = evaluation.words.front();
  // The copies have higher numbers than the child's descriptors, because dup2() of a descriptor
  // onto its own number would leave it close-on-exec.
  const Descriptor in(::fcntl(evaluation.input.get(), F_DUPFD_CLOEXEC, 10));
  const Descriptor out(::fcntl(evaluation.result.get(), F_DUPFD_CLOEXEC, 10));
  if (!in || !out) return system_error(program, errno);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, out.get(), kEvaluationResult);
  const Orphanage orphanage;
  pid_t pid = 0;
  const std::vector<char*> arguments = argument_pointers(evaluation.words);
  const int failed =
      ::posix_spawnp(&pid, program.c_str(), &files, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  if (failed == ENOENT) return Error{ErrorCode::NotFound, program + ": no such program"};
  if (failed != 0) return system_error(program, failed);
  EvaluationEnd end;
  std::optional<Error> unwatched;
  if (evaluation.limit != 0) {
    const Result<bool> in_time = ends_in_time(pid, evaluation.limit);
    if (!in_time) unwatched = in_time.error();
    end.over = !in_time || !*in_time;
    if (end.over) ::kill(pid, SIGKILL);
  }
  end.status = wait_for(pid);
  orphanage.empty();
  if (unwatched) return *unwatched;
  return end;
}

}  // namespace thermos
