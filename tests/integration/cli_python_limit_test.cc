// .thermos files that don't come to an end.

#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>

#include "task_run.h"

namespace thermos::real {
namespace {

class PythonLimit : public ::testing::Test {
 protected:
  std::string file(const std::string& text) const {
    const std::string path = site_.path() + "/endless.thermos";
    std::ofstream(path) << text;
    return path;
  }
  // Ends by itself, says which file and which limit in one line, and has started nothing.
  void expect_over(Words words, const std::string& config, const std::string& limit = "0.5") {
    words.insert(words.end(), {"--eval-timeout", limit, config});
    Command command = site_.start(words);
    ASSERT_TRUE(command.ends_within(60'000)) << words.front();
    const Ended ended = command.wait();
    EXPECT_EQ(ended.code, 65) << words.front();
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(ended.err, "thermos: " + config + ": evaluating it took longer than " + limit +
                             " s, so it was killed; "
                             "--eval-timeout SECONDS sets another limit\n");
    EXPECT_FALSE(exists(site_.root()));
  }

  Site site_;
};

TEST_F(PythonLimit, EndsOneThatRunsForEver) {
  const std::string config = file("while True: pass\n");
  for (const Words& words : {Words{"run", "--task-id", "t"}, Words{"inspect"}, Words{"graph"},
                             Words{"submit", "--socket", site_.path() + "/none"}}) {
    expect_over(words, config);
  }
}

// What it started goes with it, wherever it went: its output is ours, and somebody may read that to
// its end.
TEST_F(PythonLimit, EndsWhatItStarted) {
  const std::string pids = site_.path() + "/pids";
  const std::string config = file(R"(
import os, signal
if os.fork() == 0:
  os.setsid()
  if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(')" + pids + R"(.new', 'w') as f: f.write(str(os.getpid()) + '\n')
    os.rename(')" + pids + R"(.new', ')" +
                                  pids + R"(')
    while True: signal.pause()
  os._exit(0)
while True: pass
)");
  // Until there was time for that.
  for (int limit = 1; !exists(pids) && limit < 200; limit *= 2) {
    expect_over({"inspect"}, config, std::to_string(limit));
  }
  EXPECT_FALSE(alive(pid_in(pids)));
}

TEST_F(PythonLimit, EndsWhatOneLeftRunningThatEndedItself) {
  const std::string pids = site_.path() + "/pids";
  const std::string config = file(R"(
import os, signal
if os.fork() == 0:
  os.setsid()
  with open(')" + pids + R"(.new', 'w') as f: f.write(str(os.getpid()) + '\n')
  os.rename(')" + pids + R"(.new', ')" +
                                  pids + R"(')
  while True: signal.pause()
while not os.path.exists(')" + pids +
                                  R"('): pass
export(Task(name='t', processes=[Process(name='p', cmdline='true')]))
)");
  const Ended ended = site_.thermos({"inspect", config});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_FALSE(alive(pid_in(pids)));
}

// A shell that became us has perhaps children of its own.
TEST_F(PythonLimit, LeavesOtherChildrenAlone) {
  const std::string config = file("export(Task(processes=[Process(name='p', cmdline='true')]))\n");
  const std::string pids = site_.path() + "/pids";
  Command shell(
      {"/bin/sh", "-c",
       "sleep 1000 & echo $! > " + pids + "; exec " THERMOS_BIN "/thermos inspect " + config},
      site_.path() + "/shell", {});
  EXPECT_EQ(shell.wait().code, 0);
  const pid_t other = pid_in(pids);
  EXPECT_TRUE(alive(other));
  ::kill(other, SIGKILL);
}

TEST_F(PythonLimit, MayBeNone) {
  const std::string config = file("export(Task(processes=[Process(name='p', cmdline='true')]))\n");
  EXPECT_EQ(site_.thermos({"inspect", "--eval-timeout", "0", config}).code, 0);
  const Ended wrong = site_.thermos({"inspect", "--eval-timeout", "soon", config});
  EXPECT_EQ(wrong.code, 64);
  EXPECT_NE(wrong.err.find("--eval-timeout soon"), std::string::npos) << wrong.err;
}

TEST_F(PythonLimit, ItIsSaidThatAFileIsExecuted) {
  for (const char* command : {"inspect", "run", "submit", "graph"}) {
    const Ended help = site_.thermos({command, "--help"});
    EXPECT_NE(help.out.find("execute"), std::string::npos) << help.out;
    EXPECT_NE(help.out.find("--eval-timeout"), std::string::npos) << help.out;
  }
}

}  // namespace
}  // namespace thermos::real
