#include "reactor/export/slurm.h"

#include <algorithm>

#include "core/base/text.h"
#include "reactor/export/batch_script.h"
#include "reactor/export/quoting.h"

namespace thermos {
namespace {

constexpr std::string_view kSlurmScript = R"(#!/bin/bash
# The task @TITLE@ as a job of Slurm. Submit it: sbatch FILE
#
# The job may be requeued, preempted, run out of time or lose its node, as often
# as may be: each start goes on where the one before was.
#
#SBATCH --job-name=@NAME@
#SBATCH --output=@NAME@-%j.out
# A later start adds to the output of those before.
#SBATCH --open-mode=append
#SBATCH --nodes=1
#SBATCH --ntasks=1
# @DEMAND@
#SBATCH --cpus-per-task=@CORES@
@MEMORY@@DISK@# How long one start may take; what is not done by then is done by the next.
@TIME@# Slurm may put the job back into its queue: if its node dies, or a job that is
# more urgent needs the place.
#SBATCH --requeue
# USR1 comes to this shell so many seconds before the time is over (Slurm may
# send it a minute early), more than --grace below needs.
#SBATCH --signal=B:USR1@@SIGNAL@
#
# Here is the place for `module load` and the like; with --preserve-env below, the
# processes of the task get this shell's environment.

# The same in each start of this job, and another for each element of an array.
task_id=@TASK_ID@

# The shell can't `exec` this: it takes signals for it, and requeues the job.
# --once: of a task that has ended, it tells how and exits as that did.
# --grace: so many seconds has what runs to end. Slurm's own limit, from SIGTERM to
# SIGKILL, is KillWait in slurm.conf (30 s).
# --root has to be on a file system that all nodes see.
thermos_run() {
  exec @BEFORE@ "$task_id" \
    @AFTER@
}

@WAIT@
# 75: it yielded, or another still leads the task. After SIGTERM Slurm has decided
# what becomes of the job: requeued here, one that was cancelled would come back.
if [ "$status" -eq 75 ] && [ -z "$ended_by_slurm" ]; then
  scontrol requeue "$SLURM_JOB_ID" ||
    echo "$task_id is not done; submit this script again with task_id=$task_id" >&2
fi
exit "$status"
)";

constexpr std::string_view kTraps = R"(ended_by_slurm=''
# In either case thermos ends what runs, and says by 75 that the task goes on later.
trap warn USR1
trap 'ended_by_slurm=1; warn' TERM
)";

// Returns how many seconds before its end the job gets its warning. Slurm may send it a minute
// early.
std::uint64_t warning_of(const ExportJob& job) {
  return std::max<std::uint64_t>(job.grace + 2 * kGraceMargin, 60);
}

std::string slurm_time_line(const ExportJob& job) {
  if (job.longest == 0) return "##SBATCH --time=04:00:00\n";
  const std::uint64_t least = job.longest + warning_of(job) + 60;
  return "# `" + printable(job.longest_process) +
         "` has the longest `time`, and does not start where less is left.\n#SBATCH --time=" +
         clock_text((least + 59) / 60 * 60) + "\n";
}

}  // namespace

std::string slurm_script(const ExportJob& job) {
  const RunWords words = run_words(job, job.root, job.sandbox);
  std::vector<std::string> after = words.after_task_id;
  after.push_back(job.config);
  const std::string name = plain_name(job.name, "_.-", false, 100);
  std::string task_id = shell_word(job.task_id);
  if (job.task_id.empty()) {
    task_id = shell_word(name) +
              "-\"${SLURM_ARRAY_JOB_ID:-${SLURM_JOB_ID:?is set by sbatch}}"
              "${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}\"";
  }
  const std::uint64_t ram = ram_mib_of(job.demand);
  const std::uint64_t disk = disk_mib_of(job.demand);
  return filled(
      kSlurmScript,
      {{"TITLE", printable(job.name)},
       {"NAME", name},
       {"DEMAND", demand_text(job)},
       {"CORES", std::to_string(cores_of(job.demand))},
       {"MEMORY",
        ram == 0 ? "##SBATCH --mem=1G\n" : "#SBATCH --mem=" + std::to_string(ram) + "M\n"},
       {"DISK", disk == 0 ? ""
                          : "# Of a node's own disk, where its TmpDisk is configured:\n##SBATCH "
                            "--tmp=" +
                                std::to_string(disk) + "M\n"},
       {"TIME", slurm_time_line(job)},
       {"SIGNAL", std::to_string(warning_of(job))},
       {"TASK_ID", task_id},
       {"WAIT", waiting_part(kTraps)},
       {"BEFORE", shell_words(words.before_task_id)},
       {"AFTER", shell_words(after)}});
}

}  // namespace thermos
