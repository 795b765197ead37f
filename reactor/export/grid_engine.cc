#include "reactor/export/grid_engine.h"

#include "core/base/text.h"
#include "reactor/export/batch_script.h"
#include "reactor/export/quoting.h"

namespace thermos {
namespace {

constexpr std::string_view kGridEngineScript = R"(#!/bin/bash
# The task @TITLE@ as a job of Grid Engine. Submit it: qsub FILE
#
# The job may be rescheduled, run out of time or lose its host, as often as may
# be: each start goes on where the one before was.
#
#$ -N @NAME@
#$ -S /bin/bash
#$ -cwd
#$ -j y
# It may be started again: if its host dies, and when it exits with 99.
#$ -r y
# USR2 comes before SIGKILL, and USR1 before SIGSTOP, by as much as the queue's
# `notify` says (60 s), which has to be more than --grace below.
#$ -notify
# @DEMAND@
@SLOTS@@MEMORY@# USR1 comes at the end of s_rt, SIGKILL at that of h_rt:
@TIME@#
# Here is the place for `module load` and the like; with --preserve-env below, the
# processes of the task get this shell's environment.

# The same in each start of this job, and another for each element of an array.
task_id=@TASK_ID@

# --once: of a task that has ended, it tells how and exits as that did.
# --grace: so many seconds has what runs to end.
# --root has to be on a file system that all hosts see.
# Grid Engine sends its signals to the whole process group, and knows no USR2 for
# thermos: that is ignored there, and this shell sends USR1 for it.
thermos_run() {
  trap '' USR2
  exec @BEFORE@ "$task_id" \
    @AFTER@
}

@WAIT@
# 99 puts the job back into its queue: it yielded, or (75) another still leads the
# task. One that was deleted with qdel does not come back.
if [ "$status" -eq 75 ]; then status=99; fi
exit "$status"
)";

// Returns the seconds that one start has before its USR1; 0 if no process has a `time`.
std::uint64_t time_of(const ExportJob& job) {
  return job.longest == 0 ? 0 : (job.longest + kGraceMargin + 59) / 60 * 60;
}

std::string grid_engine_time_line(const ExportJob& job) {
  const std::uint64_t time = time_of(job);
  if (time == 0) return "##$ -l s_rt=3:58:00,h_rt=4:00:00\n";
  return "# `" + printable(job.longest_process) +
         "` has the longest `time`, and does not start where less is left: if you change s_rt,\n"
         "# change the seconds of --until as well.\n#$ -l s_rt=" +
         clock_text(time) + ",h_rt=" + clock_text(time + job.grace + kGraceMargin) + "\n";
}

}  // namespace

std::string grid_engine_script(const ExportJob& job) {
  RunWords words = run_words(job, job.root, job.sandbox);
  // Inserts before "--task-id".
  words.before_task_id.insert(words.before_task_id.end() - 1, {"--yield-status", "99"});
  if (const std::uint64_t time = time_of(job); time > 0) {
    words.before_task_id.insert(words.before_task_id.end() - 1,
                                {"--until", "+" + std::to_string(time)});
  }
  std::vector<std::string> after = words.after_task_id;
  after.push_back(job.config);
  std::string name = plain_name(job.name, "_.-", false, 100);
  // A job's name can't begin with a digit.
  if (name.front() >= '0' && name.front() <= '9') name.insert(0, "job-");
  std::string task_id = shell_word(job.task_id);
  if (job.task_id.empty()) {
    // SGE_TASK_ID is "undefined" in a job that is not an array.
    task_id = shell_word(name) +
              "-\"${JOB_ID:?is set by qsub}\"\n"
              "if [ \"${SGE_TASK_ID:-undefined}\" != undefined ]; then "
              "task_id+=_$SGE_TASK_ID; fi";
  }
  const std::uint64_t cores = cores_of(job.demand);
  const std::uint64_t ram = ram_mib_of(job.demand);
  const std::string slots = std::to_string(cores);
  return filled(
      kGridEngineScript,
      {{"TITLE", printable(job.name)},
       {"NAME", name},
       {"DEMAND", demand_text(job)},
       {"SLOTS", cores == 1 ? ""
                            : "# `qconf -spl` lists the site's parallel environments; it is to be "
                              "one on one host.\n#$ -pe smp " +
                                  slots + "\n"},
       {"MEMORY", ram == 0 ? ""
                           : "# Sites that limit memory want h_vmem or the like, for each slot.\n"
                             "#$ -l mem_free=" +
                                 std::to_string(ram) + "M\n"},
       {"TASK_ID", task_id},
       {"TIME", grid_engine_time_line(job)},
       {"WAIT", waiting_part("trap warn USR1 USR2 TERM\n")},
       {"BEFORE", shell_words(words.before_task_id)},
       {"AFTER", shell_words(after)}});
}

}  // namespace thermos
