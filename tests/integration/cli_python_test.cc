// .thermos and .aurora files from outside.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

class PythonFiles : public ThermosTest {
 protected:
  static std::string example(const std::string& name) {
    return THERMOS_SOURCE "/reactor/examples/" + name;
  }
};

constexpr std::string_view kPipeline = R"(
class Profile(Struct):
  greeting = Default(String, 'hello {{who}}')
  who = Required(String)

say = Process(name='say', cmdline='echo {{profile.greeting}} {{thermos.ports[http]}} {{word}}')
then = Process(name='then', cmdline='echo {{name}} {{&name}} {{thermos.task_id}}')
export(SequentialTask(name='p', processes=[say, then]).bind(profile=Profile(who='you')))
)";

TEST_F(PythonFiles, Run) {
  const std::string config = file("p.thermos", kPipeline);
  const Finished done = run({"run", "--task-id", "t", "-P", "http:8080", "-E", "word=w", config});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(run({"tail", "t", "say"}).out, "hello you 8080 w\n");
  EXPECT_EQ(run({"tail", "t", "then"}).out, "then {{name}} t\n");
}

TEST_F(PythonFiles, AreToldByWhatTheyHold) {
  Invocation piped = thermos({"inspect", "--json", "-P", "http:1", "-E", "word=w", "-"});
  piped.input = kPipeline;
  const Finished shown = run_program(piped);
  ASSERT_EQ(shown.status, 0) << shown.err;
  EXPECT_NE(shown.out.find("hello you 1 w"), std::string::npos) << shown.out;
  // JSON under a name of theirs.
  const std::string json =
      file("j.thermos", R"({"processes": [{"name": "a", "cmdline": "true"}]})");
  EXPECT_EQ(run({"inspect", "--check", json}).out, "ok: 1 process\n");
  const std::string yaml = file("y.thermos", "processes:\n- name: a\n  cmdline: 'true'\n");
  EXPECT_EQ(run({"inspect", "--check", yaml}).out, "ok: 1 process\n");
}

TEST_F(PythonFiles, ErrorsAreOneLineWithTheirOwnPlace) {
  const std::string config = file("e.thermos", "\nexport(Tsk(name='a'))\n");
  const Finished refused = run({"run", config});
  EXPECT_EQ(refused.status, 65);
  EXPECT_EQ(refused.err, "thermos: " + config + ":2: NameError: name 'Tsk' is not defined\n");
  EXPECT_EQ(refused.out, "");
  EXPECT_FALSE(std::filesystem::exists(root()));
  // What thermos itself finds has the line of the struct.
  const std::string bad = file("b.thermos",
                               "a = Process(name='a', cmdline='true')\n\n"
                               "export(Task(processes=[\n"
                               "  a,\n"
                               "  a(name='b/c')]))\n");
  EXPECT_EQ(run({"run", bad}).err,
            "thermos: " + bad + ":5: processes[1].name: 'b/c': a name can't hold '/'\n");
  const Finished check = run({"inspect", "--check", bad});
  EXPECT_EQ(check.status, 65);
}

TEST_F(PythonFiles, JobsArePickedByTheirNames) {
  const std::string config = example("hello.aurora");
  const Finished which = run({"inspect", config});
  EXPECT_EQ(which.status, 64);
  EXPECT_NE(which.err.find("prod/www-data/prod/hello"), std::string::npos) << which.err;
  const Finished one = run({"run", "--task", "prod/www-data/prod/hello", "--task-id", "j", config});
  ASSERT_EQ(one.status, 0) << one.err;
  EXPECT_NE(one.err.find("note: " + config + ": job prod/www-data/prod/hello: ignored"),
            std::string::npos)
      << one.err;
  EXPECT_EQ(one.err.find("note: "), one.err.rfind("note: ")) << "not of the other job: " << one.err;
  EXPECT_EQ(run({"tail", "j", "say"}).out,
            "hello from the cluster, www-data in prod, instance 0\n");
  EXPECT_EQ(run({"run", "--task", "nothing", config}).status, 66);
}

TEST_F(PythonFiles, ExamplesRun) {
  const Finished map =
      run({"run", "--sandbox", work() + "/s", "--task-id", "m", example("mapreduce.thermos")});
  EXPECT_EQ(map.status, 0) << map.err;
  const std::string table = read_text(work() + "/s/sine_table.txt");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 12) << table;
  const Finished words =
      run({"run", "-E", "words=three little words", "--task-id", "w", example("pipeline.thermos")});
  EXPECT_EQ(words.status, 0) << words.err;
  EXPECT_EQ(run({"tail", "w", "report"}).out.substr(0, 36),
            "{{name}} of this process is report\n3");
}

TEST_F(PythonFiles, WithoutPythonAllElseWorks) {
  const std::string empty = work() + "/bin";
  std::filesystem::create_directory(empty);
  Invocation missing = thermos({"run", file("p.thermos", kPipeline)});
  missing.environment["PATH"] = empty;
  const Finished refused = run_program(missing);
  EXPECT_EQ(refused.status, 66);
  EXPECT_NE(refused.err.find("needs python3, 3.9 or newer"), std::string::npos) << refused.err;
  Invocation json = thermos(
      {"inspect", "--check", file("j.json", R"({"processes": [{"name": "a", "cmdline": "b"}]})")});
  json.environment["PATH"] = empty;
  EXPECT_EQ(run_program(json).status, 0);
}

TEST_F(PythonFiles, WhatAFilePrintsIsNoTask) {
  const std::string config = file("n.thermos",
                                  "print('noise')\nimport sys\nsys.stdout.write('more')\n"
                                  "export(SimpleTask('a', 'true'))\n");
  const Finished shown = run({"inspect", "--json", config});
  ASSERT_EQ(shown.status, 0) << shown.err;
  EXPECT_EQ(nlohmann::json::parse(shown.out)["name"], "a");
  EXPECT_NE(shown.err.find("noise\nmore"), std::string::npos) << shown.err;
}

TEST_F(PythonFiles, TheReplHasItAllLoaded) {
  Invocation repl = thermos({"config", "repl", file("p.thermos", kPipeline)});
  repl.input = "print(len(exported), say.name(), order('a', 'b'), 2 * MB)\n";
  const Finished done = run_program(repl);
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_NE(done.out.find("1 say [Constraint(order=StringList(a, b))] 2097152"), std::string::npos)
      << done.out << done.err;
  EXPECT_EQ(run({"config"}).status, 64);
  EXPECT_EQ(run({"config", "rpl"}).status, 64);

  repl = thermos({"config", "repl", work() + "/p.thermos", file("q.thermos", kPipeline)});
  repl.input = "print('exported', len(exported))\n";
  EXPECT_NE(run_program(repl).out.find("exported 2\n"), std::string::npos);
}

}  // namespace
}  // namespace thermos::testing
