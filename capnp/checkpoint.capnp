@0xc7a1f0e2d95b3846;
# The records of a checkpoint stream. Each frame holds one Record; FORMAT.md describes the frames.
# core/record/record.h documents each field; codec.cc converts between the two.
#
# New fields may be added at the end of a struct or group with the next free number. A field's
# number, type and meaning never change, and none is removed.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("thermos::disk");

const noReturnCode :Int32 = -1000;  # not known, or not ended
const noRun :UInt32 = 0xffffffff;
const notKnown :Int64 = -1;

struct Record {
  union {
    header @0 :RunnerHeader;
    task :group {
      state @1 :TaskState;
      goal @2 :TaskState;
      wall @3 :Int64;          # microseconds since the epoch
      boot @4 :Int64;          # microseconds of CLOCK_BOOTTIME
      runnerPid @5 :Int32;
      runnerUid @6 :UInt32;
      bootHigh @7 :UInt64;     # the boot id's first eight bytes, big-endian
      bootLow @8 :UInt64;
      deadlineWall @9 :Int64;
      deadlineBoot @10 :Int64;
      reason @11 :Text;
      shortage @32 :UInt8;     # 0: none; descriptors, pids, memory, disk, other. The state is as before
      shortageOver @33 :Bool;
    }
    process :group {
      process @12 :Text;
      seq @13 :UInt64;
      run @14 :UInt32;
      state @15 :ProcessState;
      origin @16 :Origin;
      pid @17 :Int32;          # FORKED: the coordinator's; RUNNING: the process's own
      ticks @18 :UInt64;       # its start time, field 22 of /proc/PID/stat
      wall @19 :Int64;
      boot @20 :Int64;
      returnCode @21 :Int32 = .noReturnCode;
      bootHigh @22 :UInt64;    # FORKED, and terminal states that the runner wrote
      bootLow @23 :UInt64;
      reason @24 :Text;
      failures @28 :UInt32;    # in a row up to this end; the runner writes it if there is a backoff
      # The usage of the run's tree, at an end that the coordinator saw. A record without usage is
      # shorter and ends before these fields.
      cpuUser @34 :Int64 = .notKnown;     # microseconds
      cpuSystem @35 :Int64 = .notKnown;
      peakMemory @36 :Int64 = .notKnown;  # bytes, of its largest process
    }
    summary @25 :ProcessSummary;
    order @27 :ProcessOrder;
    report @29 :ProcessReport;
    replacement @30 :Replacement;
    leadership @31 :Leadership;
    node @37 :NodeChange;
  }
  position @26 :UInt64;        # the event's place in the daemon's order; 0: no daemon led the task
}

enum TaskState { active @0; cleaning @1; finalizing @2; success @3; failed @4; killed @5; lost @6; }
enum ProcessState { waiting @0; forked @1; running @2; success @3; failed @4; killed @5; lost @6; }
enum Origin { recorded @0; foundAtResume @1; coordinatorGone @2; reboot @3; repaired @4; ordered @5;
              endedByRunner @6; takenOver @7; nodeGone @8; }

struct RunnerHeader {          # written with as many pointers as it uses, but at least those up to ports
  taskId @0 :Text;
  sandbox @1 :Text;
  logDir @2 :Text;
  hostname @3 :Text;
  user @4 :Text;
  uid @5 :UInt32;
  launchTime @6 :Int64;        # microseconds since the epoch
  ports @7 :List(Port);
  chroot @8 :Bool;
  keepLogs @9 :UInt32 = 100;   # latest runs of each process whose output is kept; 0: all
  continues @10 :Text;         # the id of the ended task that this one goes on from
  traceParent @11 :Text;       # the traceparent that was around the task; empty: none

  struct Port {
    name @0 :Text;
    number @1 :UInt16;
  }
}

enum Verb { start @0; stop @1; restart @2; fail @3; }

struct ProcessOrder {
  process @0 :Text;
  verb @1 :Verb;
  wall @2 :Int64;
  boot @3 :Int64;
  deadlineWall @4 :Int64;      # all but start: when SIGKILL follows SIGTERM
  deadlineBoot @5 :Int64;
  reason @6 :Text;
  revives @7 :Bool;            # the process had failed for good; its failures and kills count from here
  redefines @8 :Bool;          # a replacement defined the process anew here; written by compaction
  yields @9 :Bool;             # restart, because the task yields; a run that succeeds is still a success
}

struct Leadership {
  wall @0 :Int64;
  boot @1 :Int64;
  bootHigh @2 :UInt64;
  bootLow @3 :UInt64;
  hostname @4 :Text;
  engine @5 :Text;             # "slurm", "sge", ...; empty: none is known
  job @6 :Text;
  restarts @7 :UInt32;         # how often the engine has started the job again
  untilWall @8 :Int64;         # the allocation lasts until then; 0: not known
  yields @9 :Bool;             # the leader gives the task up for now
  decision @10 :Text;          # why it yields, or what it decided about the leader before
  lead @11 :UInt64;            # the leader's number, by which nodes know the latest; 0: there are no nodes
}

struct NodeChange {
  node @0 :Text;
  gone @1 :Bool;               # false: the node is there again
  wall @2 :Int64;
  boot @3 :Int64;
  reason @4 :Text;
}

struct Replacement {
  generation @0 :UInt32;       # 1 is the first
  wall @1 :Int64;
  boot @2 :Int64;
  reason @3 :Text;
  changed @4 :List(Text);      # names of processes
  added @5 :List(Text);
  removed @6 :List(Text);
}

enum ReportKind {
  ready @0; unhealthy @1; healthy @2; status @3; stopping @4; extended @5; ignored @6;
  placed @7;                   # its text names the node on which the run is launched
}

struct ProcessReport {
  process @0 :Text;
  run @1 :UInt32;
  kind @2 :ReportKind;
  wall @3 :Int64;
  boot @4 :Int64;
  text @5 :Text;
  untilBoot @6 :Int64;         # extended: the run's time limits do not end before
}

struct ProcessSummary {              # of the runs whose records compaction dropped
  process @0 :Text;
  nextSeq @1 :UInt64;
  nextRun @2 :UInt32;
  success @3 :UInt64;
  failed @4 :UInt64;
  killed @5 :UInt64;
  lost @6 :UInt64;
  endWall @7 :Int64;
  endBoot @8 :Int64;
  bootHigh @9 :UInt64;
  bootLow @10 :UInt64;
  firstFailed @11 :UInt32 = .noRun;  # the first run that FAILED; noRun: none of the dropped runs
  started @12 :Bool;                 # a run was RUNNING, a dropped one or a later one
  failures @13 :UInt32;              # of the latest end, as `failures` in a process record
  wasReady @14 :Bool;                # a run was ready, a dropped one or a kept one
  ordered @15 :UInt64;               # the killed runs that an order ended
  forgivenRuns @16 :UInt32;          # runs that no longer count: the process was revived or defined anew
  forgivenFailed @17 :UInt64;        # the forgiven runs that FAILED
  forgivenKilled @18 :UInt64;        # the forgiven runs that were KILLED, and not by an order
  forgivenSuccess @19 :UInt64;       # the forgiven runs that were a SUCCESS
  redefined @20 :UInt32;             # the first run under the latest definition; 0 if that run is kept
  cpuUser @21 :UInt64;               # microseconds, of all dropped runs together
  cpuSystem @22 :UInt64;
  peakMemory @23 :UInt64;            # bytes, the largest of all runs, the kept ones included
}
