#include "reactor/export/kubernetes.h"

#include <algorithm>

#include "core/base/text.h"
#include "reactor/export/quoting.h"

namespace thermos {
namespace {

constexpr std::string_view kManifest =
    R"(# The task @TITLE@ as a Job of Kubernetes: kubectl apply -f FILE
#
# The Job's pods may be evicted, preempted or lose their node, as often as may be:
# each pod goes on where the one before was. The task's id is the Job's name, so a
# Job that is deleted and applied again goes on, too, and one whose task has ended
# tells how. For another run of the task, change the names.
#
# What the task is.
@FILES@apiVersion: v1
kind: ConfigMap
metadata:
  name: @NAME@
  labels:
    app.kubernetes.io/name: @LABEL@
    app.kubernetes.io/managed-by: thermos
data:
  task.yaml: @CONFIG@---
# What is recorded, and the directory that the task runs in: they outlive the pods.
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: @NAME@
  labels:
    app.kubernetes.io/name: @LABEL@
    app.kubernetes.io/managed-by: thermos
spec:
  # ReadWriteOncePod where the storage has it: then no two pods ever write.
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: @STORAGE@Mi
---
apiVersion: batch/v1
kind: Job
metadata:
  name: @NAME@
  labels:
    app.kubernetes.io/name: @LABEL@
    app.kubernetes.io/managed-by: thermos
spec:
  completions: 1
  parallelism: 1
  # The next pod comes when the one before is gone, and not before.
  podReplacementPolicy: Failed
  # Pods that end otherwise than below: killed for want of memory, for example.
  backoffLimit: 6
  podFailurePolicy:
    rules:
      # 75: it yielded, or another still leads the task. The next pod goes on.
      - action: Ignore
        onExitCodes:
          containerName: thermos
          operator: In
          values: [75]
      # Evicted, preempted, drained: the same.
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
      # The task is FAILED (1), KILLED (2) or LOST (3), or can't be run as it is.
      - action: FailJob
        onExitCodes:
          containerName: thermos
          operator: In
          values: [1, 2, 3, 64, 65, 66, 77]
  template:
    metadata:
      labels:
        app.kubernetes.io/name: @LABEL@
        app.kubernetes.io/managed-by: thermos
    spec:
      # A new pod is what the rules above are about; a container is not restarted.
      restartPolicy: Never
      # From SIGTERM to SIGKILL; more than --grace below.
      terminationGracePeriodSeconds: @TERMINATION@
      automountServiceAccountToken: false
      securityContext:
        # Any user will do; none has to be in the image's /etc/passwd.
        runAsNonRoot: true
        runAsUser: 1000
        runAsGroup: 1000
        fsGroup: 1000
      containers:
        - name: thermos
          image: @IMAGE@
          # It is PID 1: it gets the signals, and reaps what is left of processes.
          # Kubernetes replaces $(NAME) in these words, and "$$" is one "$".
          # --once: of a task that has ended, it tells how and exits as that did.
          # --grace: so many seconds has what runs to end.
          command:
@ARGUMENTS@@PORTS@          resources:
            # @DEMAND@
            requests:
              cpu: @CPU@
@MEMORY@          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
          volumeMounts:
            - name: state
              mountPath: @ROOT@
            - name: config
              mountPath: /etc/thermos/task
              readOnly: true
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: state
          persistentVolumeClaim:
            claimName: @NAME@
        - name: config
          configMap:
            name: @NAME@
        - name: tmp
          emptyDir: {}
)";

}  // namespace

std::string kubernetes_manifest(const ExportJob& job) {
  // The names of the Job's pods are six characters longer, and they are labels, which have a limit.
  const std::string name = plain_name(job.name, "-", true, 52);
  const std::string root = job.root.empty() ? "/var/lib/thermos" : job.root;
  const std::string task_id = job.task_id.empty() ? name : job.task_id;
  const std::string sandbox = job.sandbox.empty() ? root + "/sandboxes/" + task_id : job.sandbox;
  RunWords words = run_words(job, root, sandbox);
  words.before_task_id.push_back(task_id);
  words.after_task_id.emplace_back("/etc/thermos/task/task.yaml");
  std::string arguments;
  for (const std::string& word : words.before_task_id) {
    arguments += "            - " + kubernetes_argument(word) + "\n";
  }
  for (const std::string& word : words.after_task_id) {
    arguments += "            - " + kubernetes_argument(word) + "\n";
  }
  std::string ports;
  for (const auto& [port, number] : job.ports) {
    ports += "            - name: " + yaml_text(plain_name(port, "-", true, 15)) +
             "\n              containerPort: " + std::to_string(number) + "\n";
  }
  if (!ports.empty()) ports.insert(0, "          ports:\n");
  const std::uint64_t ram = ram_mib_of(job.demand);
  const std::string memory = std::to_string(ram) + "Mi\n";
  return filled(
      kManifest,
      {{"TITLE", printable(job.name)},
       {"FILES", job.names_files
                     ? "# It names files (env_file, or a secret's): mount them, or put them "
                       "into the image.\n"
                     : ""},
       {"NAME", yaml_text(name)},
       {"LABEL", yaml_text(plain_name(job.name, "_.-", false, 63))},
       {"CONFIG", yaml_block(job.config_text, 2)},
       {"STORAGE", std::to_string(std::max<std::uint64_t>(1024, disk_mib_of(job.demand) + 1024))},
       {"TERMINATION", std::to_string(job.grace + kGraceMargin)},
       {"IMAGE", yaml_text(job.image)},
       {"ARGUMENTS", arguments},
       {"PORTS", ports},
       {"DEMAND", demand_text(job)},
       {"CPU", "\"" + std::to_string(cores_of(job.demand)) + "\""},
       {"MEMORY", ram == 0 ? ""
                           : "              memory: " + memory +
                                 "            limits:\n              memory: " + memory},
       {"ROOT", yaml_text(root)}});
}

}  // namespace thermos
