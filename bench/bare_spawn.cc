// The least that running commands costs: posix_spawn(3) and waitpid(2) alone.
//   bare_spawn COUNT AT_ONCE COMMAND [ARGUMENT...]
#include <spawn.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

int main(int count, char** words) {
  if (count < 4) {
    std::fprintf(stderr, "usage: bare_spawn COUNT AT_ONCE COMMAND [ARGUMENT...]\n");
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
  }
  return 0;
}
