// `thermos export`: what it prints is read by the engine's own parser where there is one, and its
// scripts are run by bash, with an engine's commands in front that tell how they were called.
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

constexpr std::string_view kNightly = R"({"name": "nightly", "processes": [
  {"name": "a", "cmdline": "true", "resources": {"cpu": 2, "ram": 1000000000, "disk": 1000}},
  {"name": "b", "cmdline": "echo {{who}} {{thermos.ports[web]}}", "resources": {"cpu": 0.5}}]})";
const std::string kHostile =
    "it's \"$(touch made)\" `touch made` $HOME ${X} %h %{ \\\n# {{}} @NAME@";

class Export : public ThermosTest {
 protected:
  Finished exported(const Words& words) const {
    Words all = {"export"};
    all.insert(all.end(), words.begin(), words.end());
    return run(all);
  }

  // A program of that name, found first by what runs in surroundings().
  void program(const std::string& name, const std::string& script) const {
    std::filesystem::create_directories(scratch_ / "bin");
    const std::string path = scratch_ / "bin/" + name;
    write_text(path, "#!/bin/bash\n" + script);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  Invocation script(const std::string& text, std::map<std::string, std::string> environment) const {
    environment["PATH"] = scratch_ / "bin:/usr/bin:/bin";
    return {{"/bin/bash", file("job.sh", text)}, std::move(environment), work(), {}};
  }

  // Stands in for thermos: says its words, and yields at USR1.
  void yielding(int status = 75) const {
    // Not in bash, which may miss a signal that comes just as it begins to wait.
    program("thermos",
            "exec python3 -c 'import signal, sys\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})\n"
            "print(\"begun\", flush=True)\n"
            "signal.sigwait({signal.SIGUSR1})\n"
            "print(\"yielded\", flush=True)\n"
            "sys.exit(" +
                std::to_string(status) + ")'\n");
    program("scontrol", "echo \"scontrol $*\" >> scontrol.log\n");
  }

  std::string asked_of_slurm() const {
    const std::string log = work() + "/scontrol.log";
    return std::filesystem::exists(log) ? read_text(log) : "";
  }
};

TEST_F(Export, SaysWhatIsMissingOrWrong) {
  const std::string config = file("t.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  const auto refuse = [&](const Words& words, int status, const std::string& part) {
    const Finished finished = exported(words);
    EXPECT_EQ(finished.status, status) << finished.err;
    EXPECT_EQ(finished.out, "");
    EXPECT_NE(finished.err.find(part), std::string::npos) << finished.err;
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
    EXPECT_FALSE(std::filesystem::exists(root()));
  };
  refuse({config}, 64, "--to is missing: it is slurm, sge, kubernetes, nomad or systemd");
  refuse({"--to", "lsf", config}, 64, "--to lsf");
  refuse({"--to", "slurm"}, 64, "CONFIG is missing");
  refuse({"--to", "slurm", "-"}, 64, "reads CONFIG when it runs");
  refuse({"--to", "kubernetes", config}, 64, "--image is missing");
  refuse({"--to", "slurm", "--image", "x", config}, 64, "runs in no image");
  refuse({"--to", "slurm", "--grace", "soon", config}, 64, "--grace");
  refuse({"--to", "slurm", "--grace", "100000", config}, 64, "a day at most");
  refuse({"--to", "slurm", "--task-id", "a/b", config}, 64, "--task-id a/b");
  refuse({"--to", "systemd", "--thermos", "thermos", config}, 64, "an absolute path");
  refuse({"--to", "nomad", "--sandbox", "here", config}, 64, "no absolute path");
  refuse({"--to", "nomad", "--root", "/\xff", config}, 64, "not UTF-8");
  refuse({"--to", "slurm", "no.json"}, 66, "no.json");
  refuse({"--to", "slurm", file("b.json", "{")}, 65, "b.json:1");
  file("there", "mine");
  refuse({"--to", "slurm", "-o", "there", config}, 64, "exists already");
  EXPECT_EQ(read_text(work() + "/there"), "mine");
}

TEST_F(Export, WritesANewFile) {
  const std::string config = file("t.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  EXPECT_EQ(exported({"--to", "sge", "-o", "job.sh", config}).out, "");
  EXPECT_EQ(read_text(work() + "/job.sh"), exported({"--to", "sge", config}).out);
}

TEST_F(Export, AsksForWhatTheProcessesNeed) {
  const std::string config = file("t.json", kNightly);
  const Words words = {"-E", "who=me", "-P", "web:8080", config};
  const auto has = [&](Words options, const std::vector<std::string>& lines) {
    options.insert(options.end(), words.begin(), words.end());
    const Finished finished = exported(options);
    EXPECT_EQ(finished.status, 0) << finished.err;
    for (const std::string& line : lines) {
      EXPECT_NE(finished.out.find(line + "\n"), std::string::npos) << line << "\n" << finished.out;
    }
  };
  has({"--to", "slurm", "--grace", "100"},
      {"#SBATCH --cpus-per-task=3", "#SBATCH --mem=1018M", "#SBATCH --signal=B:USR1@130",
       "#SBATCH --requeue", "#SBATCH --open-mode=append"});
  has({"--to", "sge"}, {"#$ -pe smp 3", "#$ -l mem_free=1018M", "#$ -r y", "#$ -notify"});
  has({"--to", "kubernetes", "--image", "i"},
      {"              cpu: \"3\"", "              memory: 1018Mi",
       "              containerPort: 8080", "      terminationGracePeriodSeconds: 40"});
  has({"--to", "nomad"}, {"        cores = 3", "        memory = 1018", "        static = 8080",
                          "      kill_timeout = \"40s\""});
  has({"--to", "nomad", "--image", "i"},
      {"        readonly_rootfs = true", "          type   = \"tmpfs\"",
       "          target = \"/tmp\""});
  has({"--to", "systemd"},
      {"CPUQuota=300%", "MemoryMax=1018M", "TimeoutStopSec=40", "RestartForceExitStatus=75"});
}

// What is shorter than the longest `time` would never run that process.
TEST_F(Export, AJobLastsAsLongAsTheLongestProcess) {
  const std::string config = file("t.json", R"({"processes": [
    {"name": "a", "cmdline": "true", "time": "10m"},
    {"name": "b", "cmdline": "true", "time": "2h"}, {"name": "c", "cmdline": "true"}]})");
  const std::string slurm = exported({"--to", "slurm", config}).out;
  EXPECT_NE(slurm.find("`b` has the longest `time`"), std::string::npos) << slurm;
  EXPECT_NE(slurm.find("\n#SBATCH --time=02:02:00\n"), std::string::npos) << slurm;
  const std::string sge = exported({"--to", "sge", config}).out;
  EXPECT_NE(sge.find("\n#$ -l s_rt=02:01:00,h_rt=02:01:40\n"), std::string::npos) << sge;
  EXPECT_NE(sge.find(" --until +7260 --task-id "), std::string::npos) << sge;
  const std::string none = file("n.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  EXPECT_NE(exported({"--to", "slurm", none}).out.find("\n##SBATCH --time="), std::string::npos);
  EXPECT_EQ(exported({"--to", "sge", none}).out.find("--until"), std::string::npos);
}

TEST_F(Export, SlurmsScriptGivesThermosItsWordsAsTheyWere) {
  const std::string config = file("it's $(a) task.json", R"({"name": "it's $(touch made) \"x\"",
    "processes": [{"name": "p", "cmdline": "true"}]})");
  program("thermos", "printf '<%s>\\n' \"$@\"\n");
  for (const std::string engine : {"slurm", "sge"}) {
    const Finished made = exported({"--to", engine, "-E", "who=" + kHostile, "--root", "a root",
                                    "--sandbox", "/a \"box", config});
    ASSERT_EQ(made.status, 0) << made.err;
    const Finished said = run_program(script(made.out, {{"SLURM_JOB_ID", "7"}, {"JOB_ID", "7"}}));
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_EQ(said.err, "");
    for (const std::string& word :
         Words{"who=" + kHostile, config, "/a \"box", work() + "/a root", "it-s-touch-made-x-7"}) {
      EXPECT_NE(said.out.find("<" + word + ">\n"), std::string::npos) << word << "\n" << said.out;
    }
    EXPECT_FALSE(std::filesystem::exists(work() + "/made"));
  }
}

TEST_F(Export, EachElementOfAnArrayHasATaskOfItsOwn) {
  const std::string config = file("t.json", R"({"name": "t",
    "processes": [{"name": "p", "cmdline": "true"}]})");
  program("thermos", "printf '<%s>\\n' \"$@\"\n");
  const auto id = [&](const std::string& engine, std::map<std::string, std::string> environment) {
    const Finished said =
        run_program(script(exported({"--to", engine, config}).out, std::move(environment)));
    const std::size_t at = said.out.find("<--task-id>\n<") + 13;
    return said.out.substr(at, said.out.find('>', at) - at);
  };
  EXPECT_EQ(id("slurm", {{"SLURM_JOB_ID", "9"}}), "t-9");
  EXPECT_EQ(id("slurm",
               {{"SLURM_JOB_ID", "9"}, {"SLURM_ARRAY_JOB_ID", "7"}, {"SLURM_ARRAY_TASK_ID", "2"}}),
            "t-7_2");
  EXPECT_EQ(id("sge", {{"JOB_ID", "9"}, {"SGE_TASK_ID", "undefined"}}), "t-9");
  EXPECT_EQ(id("sge", {{"JOB_ID", "9"}, {"SGE_TASK_ID", "3"}}), "t-9_3");
}

TEST_F(Export, SlurmsScriptHasTheJobRequeuedWhenItsTimeIsOver) {
  yielding();
  const std::string config = file("t.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  Program job(script(exported({"--to", "slurm", config}).out, {{"SLURM_JOB_ID", "7"}}));
  ASSERT_TRUE(job.wait_for("begun"));
  job.signal(SIGUSR1);
  EXPECT_EQ(job.wait().status, 75);
  EXPECT_EQ(asked_of_slurm(), "scontrol requeue 7\n");
}

// Cancelled, or preempted and so requeued by Slurm itself: a script that asks for a requeue then
// brings back a job that somebody cancelled.
TEST_F(Export, SlurmsScriptAsksForNoRequeueWhenSlurmEndsTheJob) {
  yielding();
  const std::string config = file("t.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  Program job(script(exported({"--to", "slurm", config}).out, {{"SLURM_JOB_ID", "7"}}));
  ASSERT_TRUE(job.wait_for("begun"));
  job.signal(SIGTERM);
  ASSERT_TRUE(job.wait_for("yielded"));
  EXPECT_EQ(job.wait().status, 75);
  EXPECT_EQ(asked_of_slurm(), "");
}

// The signal of a machine that is taken away at once: there is nobody yet who would yield.
TEST_F(Export, ASignalThatComesBeforeThermosIsThereIsAYield) {
  program("thermos", "kill -USR1 $$");
  program("scontrol", "echo \"scontrol $*\" >> scontrol.log\n");
  const std::string config = file("t.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  EXPECT_EQ(
      run_program(script(exported({"--to", "slurm", config}).out, {{"SLURM_JOB_ID", "7"}})).status,
      75);
  EXPECT_EQ(asked_of_slurm(), "scontrol requeue 7\n");
  EXPECT_EQ(run_program(script(exported({"--to", "sge", config}).out, {{"JOB_ID", "7"}})).status,
            99);
}

TEST_F(Export, SlurmsScriptExitsAsTheTaskDoes) {
  program("thermos", "exit 3");
  program("scontrol", "echo \"scontrol $*\" >> scontrol.log\n");
  const std::string config = file("t.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  EXPECT_EQ(
      run_program(script(exported({"--to", "slurm", config}).out, {{"SLURM_JOB_ID", "7"}})).status,
      3);
  EXPECT_EQ(asked_of_slurm(), "");
}

TEST_F(Export, GridEnginesScriptYieldsAtItsWarnings) {
  const std::string config = file("t.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  yielding(99);
  for (const int warning : {SIGUSR1, SIGUSR2}) {
    Program job(script(exported({"--to", "sge", config}).out, {{"JOB_ID", "7"}}));
    ASSERT_TRUE(job.wait_for("begun"));
    job.signal(warning);
    EXPECT_EQ(job.wait().status, 99);
  }
  program("thermos", "kill -USR2 $$; exit 75");  // it is ignored
  EXPECT_EQ(run_program(script(exported({"--to", "sge", config}).out, {{"JOB_ID", "7"}})).status,
            99);
}

TEST_F(Export, SbatchTakesTheScript) {
  const Finished made =
      exported({"--to", "slurm", "-E", "who=x", "-P", "web:80", file("t.json", kNightly)});
  const Finished tested = run_program({{"/bin/sh", "-c", "command -v sbatch"}});
  if (tested.status != 0) GTEST_SKIP() << "no sbatch: package slurm-client of Debian";
  // It reads the options of the script before it asks the controller, which is not there.
  const std::string conf = file("slurm.conf",
                                "ClusterName=x\nSlurmctldHost=localhost\nSlurmctldPort=1\n"
                                "MessageTimeout=1\nAuthType=auth/none\n");
  const auto said = [&](const std::string& text) {
    return run_program({{"sbatch", "--test-only", "-vv", file("job.sh", text)},
                        {{"SLURM_CONF", conf}, {"PATH", "/usr/bin:/bin"}},
                        work(),
                        {}})
        .err;
  };
  const std::string good = said(made.out);
  for (const char* option : {"cpus-per-task       : 3\n", "mem                 : 1018\n",
                             "requeue             : requeue\n", "open-mode           : a\n"}) {
    EXPECT_NE(good.find(option), std::string::npos) << option << "\n" << good;
  }
  EXPECT_EQ(good.find("nrecognized"), std::string::npos) << good;
}

TEST_F(Export, SystemdTakesTheUnit) {
  const std::string config = file("a $HOME %h task.json", R"({"name": "a %n 100% \"task\"",
    "user": "daemon", "processes": [{"name": "p", "cmdline": "true"}]})");
  if (::geteuid() != 0) GTEST_SKIP() << "the task's user is another";
  const Finished made = exported({"--to", "systemd", "-E", "who=" + kHostile, "--root", "/a \"root",
                                  "-o", "task.service", config});
  ASSERT_EQ(made.status, 0) << made.err;
  const Finished read =
      run_program({{"systemd-analyze", "verify", work() + "/task.service"}, {}, work(), {}});
  if (read.status == 127) GTEST_SKIP() << "no systemd-analyze: package systemd of Debian";
  EXPECT_EQ(read.status, 0) << read.err;
  EXPECT_EQ(read.err, "") << read_text(work() + "/task.service");
  // As the task's user, thermos would have no right to root's records.
  EXPECT_EQ(read_text(work() + "/task.service").find("\nUser="), std::string::npos);
}

// `kubectl --dry-run=client` asks a server what kinds there are; `set --local` reads the file into
// the same types without one, and prints what it understood.
TEST_F(Export, KubectlTakesTheJob) {
  Invocation version{{"kubectl", "version", "--client", "-o", "json"}, {{"HOME", work()}}};
  version.environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
  const Finished client = run_program(version);
  if (client.status != 0) GTEST_SKIP() << "no kubectl: package kubernetes-client of Debian";
  const std::string minor =
      nlohmann::json::parse(client.out)["clientVersion"].value("minor", std::string("0"));
  const Finished made = exported({"--to", "kubernetes", "--image", "reg/img:1", "-E",
                                  "who=" + kHostile, "-P", "web:80", file("t.json", kNightly)});
  ASSERT_EQ(made.status, 0) << made.err;
  const std::string job = made.out.substr(made.out.find("apiVersion: batch/v1"));
  version.words = {"kubectl", "set", "env", "--local", "-o", "json", "-f", file("job.yaml", job),
                   "X=y"};
  const Finished read = run_program(version);
  ASSERT_EQ(read.status, 0) << read.err;
  const nlohmann::json spec = nlohmann::json::parse(read.out)["spec"];
  const nlohmann::json pod = spec["template"]["spec"];
  const nlohmann::json container = pod["containers"][0];
  EXPECT_EQ(pod["terminationGracePeriodSeconds"], 40);
  EXPECT_EQ(pod["restartPolicy"], "Never");
  EXPECT_EQ(pod["automountServiceAccountToken"], false);
  EXPECT_EQ(pod["securityContext"].size(), 4U);
  EXPECT_EQ(pod["volumes"].size(), 3U);
  EXPECT_EQ(container["volumeMounts"].size(), 3U);
  EXPECT_EQ(container["securityContext"], nlohmann::json({{"allowPrivilegeEscalation", false},
                                                          {"readOnlyRootFilesystem", true}}));
  EXPECT_EQ(container["resources"]["limits"]["memory"], "1018Mi");
  EXPECT_EQ(container["ports"][0]["containerPort"], 80);
  const nlohmann::json words = container["command"];
  std::string doubled;
  for (const char c : "who=" + kHostile) doubled.append(c == '$' ? 2 : 1, c);
  EXPECT_NE(std::find(words.begin(), words.end(), doubled), words.end()) << words;
  if (std::stoi(minor) < 29) GTEST_SKIP() << "kubectl 1." << minor << " knows no podFailurePolicy";
  EXPECT_EQ(spec["podFailurePolicy"]["rules"].size(), 3U);
  EXPECT_EQ(spec["podReplacementPolicy"], "Failed");
}

// The manifest's own copy of the task is the task.
TEST_F(Export, ATaskInPythonIsExportedEvaluated) {
  const std::string config = file("t.thermos",
                                  "p = Process(name='p', cmdline='echo {{who}} {{&x}}')\n"
                                  "export(Task(name='t', processes=[p]))\n");
  const Finished made = exported({"--to", "nomad", "-E", "who=me", config});
  if (made.status == 66) GTEST_SKIP() << made.err;
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_NE(made.out.find("\"cmdline\": \"echo me {{&x}}\""), std::string::npos) << made.out;
  EXPECT_EQ(made.out.find("who=me"), std::string::npos) << made.out;
}

TEST_F(Export, OnceTellsHowAnEndedTaskEnded) {
  const std::string good = file("t.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  const std::string bad = file("b.json", R"({"processes": [{"name": "p", "cmdline": "exit 4"}]})");
  EXPECT_EQ(run({"run", "--once", "--task-id", "g", good}).status, 0);
  EXPECT_EQ(run({"run", "--once", "--task-id", "b", bad}).status, 1);
  const Finished again = run({"run", "--once", "--task-id", "g", good});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_NE(again.out.find("g SUCCESS"), std::string::npos) << again.out;
  const Finished failed = run({"run", "--once", "--task-id", "b", bad});
  EXPECT_EQ(failed.status, 1) << failed.err;
  EXPECT_NE(failed.out.find("exit 4"), std::string::npos) << failed.out;
  EXPECT_EQ(status_of("g")["processes"]["p"].size(), 1U);
  EXPECT_EQ(run({"run", "--task-id", "g", good}).status, 64);
  EXPECT_EQ(run({"run", "--once", good}).status, 64);
}

}  // namespace
}  // namespace thermos::testing
