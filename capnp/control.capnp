@0xa94be1f7206cd583;
# The control protocol: the messages on the daemon's Unix socket, and on the socket of a task's
# leader. A client sends Requests and receives Replies. CONTROL.md says how each socket frames them,
# who may send which request, and which replies follow.
#
# New fields, requests and replies may be added with the next free number; nothing is removed.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("thermos::wire");

struct Request {
  id @0 :UInt64;                 # the client chooses it; every reply to this request has it
  union {
    version @1 :Void;
    submit @2 :Submit;
    kill @3 :Kill;
    status @4 :Tasks;
    wait @5 :Wait;
    subscribe @6 :Subscribe;
    list @7 :Tasks;
    order @8 :Order;
    drain @9 :Drain;
    pools @11 :Void;
    metrics @12 :Void;
    node @13 :NodeCall;            # to a leader alone
  }
  # The version of the protocol that a receiver must speak to understand this request. A receiver of a
  # lower version refuses the request, because it would ignore the new fields and do something else.
  needs @10 :UInt32 = 1;
}

struct Submit {
  taskId @0 :Text;
  config @1 :Text;               # one task as JSON, every reference bound
  sandbox @2 :Text;              # absolute; empty: <root>/sandboxes/<task id>
  user @3 :Text;                 # empty: the caller
  chroot @4 :Bool;
  keepLogs @5 :UInt32 = 100;     # valid if keepLogsGiven; otherwise the daemon's default
  ports @6 :List(Port);
  keepLogsGiven @7 :Bool;
  replace @8 :Bool;              # config replaces the configuration of the active task of this id
  traceParent @9 :Text;          # the client's traceparent; none if it is empty or not valid

  struct Port {
    name @0 :Text;
    number @1 :UInt16;
  }
}

struct NodeCall {
  node @0 :Text;
  gone @1 :Bool;                 # false: the node is there again, and the leader tries to use it
}

struct Tasks {
  patterns @0 :List(Text);       # empty: all tasks that the caller may see
  active @1 :Bool = true;
  finished @2 :Bool = true;
}

struct Kill {
  patterns @0 :List(Text);       # empty to a leader, which has one task
  wait @1 :Int64 = -1;           # microseconds; negative: the task's own finalization_wait
  lose @2 :Bool;
}

struct Wait {
  taskId @0 :Text;
  timeout @1 :Int64 = -1;        # microseconds; negative: for ever
}

struct Subscribe {
  patterns @0 :List(Text);
  since @1 :UInt64;              # the last position that was processed; 0: a snapshot, then new events
  follow @2 :Bool = true;        # continue with new events; false: end after the past ones
}

struct Order {
  taskId @0 :Text;               # empty to a leader
  process @1 :Text;
  verb @2 :Verb;
  wait @3 :Int64 = -1;           # microseconds to SIGKILL; negative: the stop_wait, else finalization_wait
  processes @4 :List(Text);      # names and patterns, instead of `process`; both empty: all services
  enum Verb { start @0; stop @1; restart @2; }
}

struct Drain {
  wait @0 :Int64 = -1;           # for every task, as in Kill
}

struct Reply {
  id @0 :UInt64;
  union {
    failure @1 :Failure;
    version @2 :Version;
    submitted @3 :Text;          # the task id, sent when the task is on the disk
    task @4 :TaskEntry;          # one for each task of a list; then done
    status @5 :Text;             # one for each task, as status --json prints it; then done
    ended @6 :TaskEntry;         # a task that the request waits for, or kills, has ended
    event @7 :Event;
    snapshot @8 :UInt64;         # the tasks sent before are the state at this position; events follow
    done @9 :Void;               # the last reply to this request
    heard @10 :Void;             # a leader's first answer to a kill; `ended` follows
    pool @11 :Text;              # one for each pool, as `pools --json` prints it; then done
    metrics @12 :Text;           # the daemon's metrics about itself, in Prometheus' text format
  }
}

struct Failure {
  code @0 :UInt16;               # core's ErrorCode, by number
  message @1 :Text;
}

struct Version {
  program @0 :Text;
  protocol @1 :UInt32;
  pid @2 :Int32;
  tasks @3 :UInt32;              # active tasks that the caller may see
  root @4 :Text;                 # the directory where the daemon keeps its tasks, absolute
}

struct TaskEntry {
  taskId @0 :Text;               # empty from a leader
  state @1 :Text;
}

struct Event {
  position @0 :UInt64;           # rises with every event, also over restarts of the daemon
  taskId @1 :Text;
  record @2 :Data;               # the payload of the record's frame in the runner's stream
}
