// The least that running commands costs: posix_spawn(3) and waitpid(2) alone.
//   bare_spawn [--sync FILE] COUNT AT_ONCE COMMAND [ARGUMENT...]
// With --sync it writes a line to FILE after each end and waits until that is on the disk
// (fdatasync(2)), as little as a record that survives a power cut costs.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int count, char** words) {
  int file = -1;
  if (count > 2 && std::strcmp(words[1], "--sync") == 0) {
    file = ::open(words[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) {
      std::perror(words[2]);
      return 1;
    }
    count -= 2;
    words += 2;
  }
  if (count < 4) {
    std::fprintf(stderr, "usage: bare_spawn [--sync FILE] COUNT AT_ONCE COMMAND [ARGUMENT...]\n");
    return 64;
  }
  const long wanted = std::strtol(words[1], nullptr, 10);
  const long at_once = std::strtol(words[2], nullptr, 10);
  long started = 0;
  for (long running = 0; started < wanted || running > 0;) {
    if (started < wanted && running < at_once) {
      pid_t pid = 0;
      if (::posix_spawnp(&pid, words[3], nullptr, nullptr, words + 3, environ) != 0) {
        std::perror(words[3]);
        return 1;
      }
      ++started;
      ++running;
      continue;
    }
    int status = 0;
    if (::waitpid(-1, &status, 0) > 0) --running;
    if (status != 0) return 1;
    if (file >= 0 && (::write(file, "ended\n", 6) != 6 || ::fdatasync(file) != 0)) return 1;
  }
  return 0;
}
