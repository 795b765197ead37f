#include "reactor/export/nomad.h"

#include <algorithm>

#include "core/base/text.h"
#include "reactor/export/quoting.h"

namespace thermos {
namespace {

constexpr std::string_view kJob = R"(# The task @TITLE@ as a batch job of Nomad: nomad job run FILE
#
# Its allocation may be drained, preempted or lose its client, as often as may be:
# each start goes on where the one before was.
job @NAME@ {
  type = "batch"

  meta {
    managed_by = "thermos"
  }

  group "task" {
    count = 1

    # On the same client, after 75 (it yielded, or another still leads the task) or
    # a death of thermos. Nomad does not tell those from a task that has FAILED: that
    # is not begun anew, and only says so again.
    restart {
      attempts = 10
      interval = "30m"
      delay    = "15s"
      mode     = "fail"
    }

    # On another one, as often as may be: so stop a job whose task has FAILED, or set
    # `attempts` and `interval` here.
    reschedule {
      unlimited      = true
      delay          = "30s"
      delay_function = "exponential"
      max_delay      = "10m"
    }

    # What is recorded, and the directory that the task runs in. A host volume is on
    # one client; for starts on others it has to be a CSI volume, or shared.
    volume "thermos" {
      type      = "host"
      source    = "thermos"
      read_only = false
    }

@PORTS@    task "thermos" {
      driver = @DRIVER@

      # From SIGTERM to SIGKILL; more than --grace below. The client's own
      # max_kill_timeout (30 s) has to allow it.
      kill_signal  = "SIGTERM"
      kill_timeout = "@TIMEOUT@s"

      config {
@CONTAINER@        command = "/bin/bash"
        args    = ["${NOMAD_TASK_DIR}/run.sh"]
      }

      volume_mount {
        volume      = "thermos"
        destination = @ROOT@
      }

      # @DEMAND@
      resources {
        cores = @CORES@
@MEMORY@      }

      # A script, as Nomad would replace ${NAME} in the words of `args`. In these two
      # texts, two dollar signs before a brace are one.
      template {
        destination     = "local/run.sh"
        left_delimiter  = @LEFT@
        right_delimiter = @RIGHT@
        data            = @SCRIPT@      }

      # What the task is.
@FILES@      template {
        destination     = "local/task.yaml"
        change_mode     = "noop"
        left_delimiter  = @LEFT@
        right_delimiter = @RIGHT@
        data            = @CONFIG@      }
    }
  }
}
)";

constexpr std::string_view kNomadScript = R"(#!/bin/bash
# The same in each start of this job: a dispatched or periodic one has a slash in its id.
task_id=@TASK_ID@
# --once: of a task that has ended, it tells how and exits as that did.
# --grace: so many seconds has what runs to end.
exec @BEFORE@ "$task_id" \
  --sandbox @SANDBOX@ @AFTER@ "$NOMAD_TASK_DIR/task.yaml"
)";

}  // namespace

std::string nomad_job(const ExportJob& job) {
  const std::string root = job.root.empty() ? "/var/lib/thermos" : job.root;
  const RunWords words = run_words(job, root, "");
  const bool own_id = !job.task_id.empty();
  std::string script =
      filled(kNomadScript,
             {{"TASK_ID", own_id ? shell_word(job.task_id)
                                 : "\"${NOMAD_JOB_ID//\\//_}-${NOMAD_ALLOC_INDEX:-0}\""},
              {"BEFORE", shell_words(words.before_task_id)},
              {"SANDBOX", job.sandbox.empty() ? shell_word(root + "/sandboxes/") + "\"$task_id\""
                                              : shell_word(job.sandbox)},
              {"AFTER", shell_words(words.after_task_id)}});
  // The delimiters of the template, chosen so that they do not occur in the script or CONFIG.
  std::string left = "@@@";
  while ((script + job.config_text).find(left) != std::string::npos) left += '@';
  std::string ports;
  for (const auto& [port, number] : job.ports) {
    ports += "      port " + hcl_text(plain_name(port, "_-", true, 60)) +
             " {\n        static = " + std::to_string(number) + "\n      }\n";
  }
  if (!ports.empty()) ports = "    network {\n" + ports + "    }\n\n";
  const std::uint64_t ram = ram_mib_of(job.demand);
  return filled(
      kJob,
      {{"TITLE", printable(job.name)},
       {"NAME", hcl_text(plain_name(job.name, "_.-", false, 100))},
       {"PORTS", ports},
       {"DRIVER", job.image.empty() ? "\"exec\"" : "\"docker\""},
       {"TIMEOUT", std::to_string(job.grace + kGraceMargin)},
       {"CONTAINER", job.image.empty() ? ""
                                       : "        image   = " + hcl_text(job.image) +
                                             "\n        # It writes to its volume and /tmp alone.\n"
                                             "        readonly_rootfs = true\n"
                                             "        mount {\n"
                                             "          type   = \"tmpfs\"\n"
                                             "          target = \"/tmp\"\n"
                                             "        }\n"},
       {"ROOT", hcl_text(root)},
       {"DEMAND", demand_text(job)},
       {"CORES", std::to_string(cores_of(job.demand))},
       {"MEMORY", ram == 0 ? "" : "        memory = " + std::to_string(ram) + "\n"},
       {"LEFT", hcl_text(left)},
       {"RIGHT", hcl_text(left)},
       {"SCRIPT", hcl_heredoc(script)},
       {"FILES", job.names_files
                     ? "      # It names files (env_file, or a secret's), which have to "
                       "be there.\n"
                     : ""},
       {"CONFIG", hcl_heredoc(job.config_text)}});
}

}  // namespace thermos
