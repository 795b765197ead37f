#include "reactor/export/systemd.h"

#include "core/base/text.h"
#include "reactor/export/quoting.h"

namespace thermos {
namespace {

constexpr std::string_view kUnit =
    R"(# The task @TITLE@ as a service of its own. Install it as
# /etc/systemd/system/@NAME@.service, or for one user as
# ~/.config/systemd/user/@NAME@.service, and then:
#   systemctl daemon-reload; systemctl enable --now @NAME@
#
# The service may be stopped, and the machine restarted, as often as may be: each
# start goes on where the one before was.
[Unit]
Description=@TITLE_SETTING@ (thermos)
RequiresMountsFor=@MOUNTS@

[Service]
Type=exec
# A service of the system runs as root, and its processes as the task's own user;
# of a user's service this is no setting.
#User=@USER@
# The id stays the same, so that each start goes on with the same task.
# --once: of a task that has ended, it tells how and exits as that did.
# --grace: so many seconds has what runs to end.
ExecStart=@COMMAND@
# SIGTERM goes to thermos alone, which ends its processes; what is left when it has
# ended is killed.
KillMode=mixed
# From SIGTERM to SIGKILL; more than --grace above.
TimeoutStopSec=@TIMEOUT@
# 75: it yielded, or another still leads the task. After a stop nothing is restarted.
SuccessExitStatus=75
RestartForceExitStatus=75
# Killed, or hung up: the next start goes on. A task that has FAILED is not begun anew.
Restart=on-abnormal
RestartSec=10
# @DEMAND@
@CPU@@MEMORY@# Its processes may write where the user may. If they need no more than this:
#ProtectSystem=strict
#ReadWritePaths=@MOUNTS@

[Install]
# Of the system that is multi-user.target, and of a user default.target.
WantedBy=@TARGET@
)";

}  // namespace

std::string systemd_unit(const ExportJob& job) {
  const std::string name = plain_name(job.name, "_.-", false, 100);
  const std::string root = job.root.empty() ? "/var/lib/thermos" : job.root;
  const std::string task_id = job.task_id.empty() ? name : job.task_id;
  const std::string sandbox = job.sandbox.empty() ? root + "/sandboxes/" + task_id : job.sandbox;
  const RunWords words = run_words(job, root, sandbox);
  std::string command;
  for (const std::string& word : words.before_task_id) command += systemd_word(word) + " ";
  command += systemd_word(task_id) + " \\\n ";
  for (const std::string& word : words.after_task_id) command += " " + systemd_word(word);
  command += " " + systemd_word(job.config);
  const std::uint64_t ram = ram_mib_of(job.demand);
  const bool limited = job.demand.peak.cpu > 0;
  return filled(
      kUnit, {{"TITLE", printable(job.name)},
              {"NAME", name},
              {"TITLE_SETTING", systemd_setting(printable(job.name))},
              {"MOUNTS", systemd_path(root) + " " + systemd_path(sandbox)},
              {"USER", systemd_setting(job.user)},
              {"TARGET", job.user.empty() ? "multi-user.target" : "default.target"},
              {"COMMAND", command},
              {"TIMEOUT", std::to_string(job.grace + kGraceMargin)},
              {"DEMAND", demand_text(job)},
              {"CPU", limited ? "CPUQuota=" + std::to_string(cores_of(job.demand) * 100) + "%\n"
                              : "#CPUQuota=\n"},
              {"MEMORY", ram == 0 ? "#MemoryMax=\n" : "MemoryMax=" + std::to_string(ram) + "M\n"}});
}

}  // namespace thermos
