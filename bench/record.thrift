// The records of a checkpoint stream as Thrift would hold them: the same fields under the same
// names, those that are not set left out. For the comparison of readers.
namespace cpp thermos.bench.thrifty

enum ProcessState { WAITING, FORKED, RUNNING, SUCCESS, FAILED, KILLED, LOST }
enum TaskState { ACTIVE, CLEANING, FINALIZING, SUCCESS, FAILED, KILLED, LOST }

struct Header {
  1: string task_id
  2: string sandbox
  3: string log_dir
  4: string hostname
  5: string user
  6: i64 launch_time
  7: optional map<string, i32> ports
}

struct TaskStatus {
  1: TaskState state
  2: i64 wall
  3: i64 boot
  4: i32 runner_pid
  5: i32 runner_uid
  6: i64 boot_high
  7: i64 boot_low
}

struct ProcessStatus {
  1: i64 seq
  2: string process
  3: i32 run
  4: ProcessState state
  5: i64 wall
  6: i64 boot
  7: optional i32 pid
  8: optional i64 ticks
  9: optional i64 boot_high
  10: optional i64 boot_low
  11: optional i32 return_code
  12: optional string reason
  13: optional i64 cpu_user
  14: optional i64 cpu_system
  15: optional i64 peak_memory
}

struct Record {
  1: optional Header header
  2: optional TaskStatus task
  3: optional ProcessStatus process
}
