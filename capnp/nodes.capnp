@0xe58d31c7a90b264f;
# The messages between the leader of a task and a node's server, one in each frame. NODES.md says how
# they are framed, in which order they come, and what each end does when the other is gone.
#
# New fields and messages may be added with the next free number; nothing is removed. An end that gets a
# message that it does not know closes the pipe.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("thermos::wire");

# A record is the bytes of a Record of checkpoint.capnp, as the payload of a frame has them.

struct ToNode {
  union {
    hello @0 :Hello;
    configuration @1 :Data;      # the next part of the task's configuration, as JSON
    run @2 :KnownRun;            # a run that is live on this node, as far as the leader knows
    listed @3 :Void;             # all live runs were sent: look for other runs, then send told
    start @4 :Start;
    stop @5 :Stop;
    sweep @6 :RunId;
    look @7 :UInt32;             # a process: read what its coordinator wrote
    probe @8 :Probe;
    clean @9 :Void;              # end everything of the task that runs here, then send cleaned
    seqs @11 :Seqs;              # the leader's sequence numbers of all processes; before listed
    finish @10 :Void;            # the task is over: send quiet when no coordinator is left, and end
    fileOffer @12 :FileOffer;    # these five carry files, in either direction
    filePiece @13 :FilePiece;
    fileEnd @14 :FileEnd;
    fileReply @15 :FileReply;
    fileDrop @16 :UInt64;        # the sender takes the offer of this number back
  }
}

struct Hello {
  protocol @0 :UInt32;
  lead @1 :UInt64;               # rises with each leader of the task
  node @2 :Text;
  root @3 :Text;                 # absolute; the same path on each node
  header @4 :Data;               # a record: the task's header
  configurationBytes @5 :UInt64; # the bytes that follow in configuration messages
}

struct Seqs {
  first @0 :UInt32;              # the process of the first number
  next @1 :List(UInt64);         # for each process the sequence number of its next record
}

struct RunId {
  process @0 :UInt32;            # its place in the configuration, from 0
  run @1 :UInt32;
}

struct KnownRun {
  process @0 :UInt32;
  records @1 :List(Data);        # a summary of the runs before, if there were any, and the run's own
}

struct Start {
  known @0 :KnownRun;            # the records up to the run's WAITING
  seq @1 :UInt64;                # of the FORKED record
  goal @2 :UInt8;                # the task's state to come, for finalizers
}

struct Stop {
  run @0 :RunId;
  hard @1 :Bool;
  signal @2 :UInt8;              # replaces the process's stop signal; 0: the stop signal is sent
}

struct Probe {
  run @0 :RunId;
  purpose @1 :UInt8;             # 0: ready, 1: healthy
}

# A file of the sandbox, from the end that has it to the end that needs it.
struct FileOffer {
  number @0 :UInt64;             # rises with each offer of this end
  process @1 :UInt32;            # the process that needs the file, or made it
  path @2 :Text;                 # relative to the sandbox
  size @3 :UInt64;
  mtime @4 :Int64;               # nanoseconds
  inode @5 :UInt64;
  mode @6 :UInt32;               # its permissions
}

struct FilePiece {
  number @0 :UInt64;
  offset @1 :UInt64;
  data @2 :Data;
}

struct FileEnd {
  number @0 :UInt64;
  sha256 @1 :Data;               # of all that was sent
}

struct FileReply {
  number @0 :UInt64;
  reply @1 :UInt8;               # 0: send it, 1: it is there, 2: it can't be placed
  retry @2 :Bool;                # for a shortage of the machine
  reason @3 :Text;
}

struct FromNode {
  # The node's clocks when it sent this message. They tell how long ago a time in a record was.
  wall @0 :Int64;
  boot @1 :Int64;
  union {
    welcome @2 :Welcome;
    refused @3 :Refused;         # this server can't serve, and ends
    record @4 :NodeRecord;
    gone @5 :Gone;               # the run's coordinator is dead and its stream was read to the end
    swept @6 :RunId;
    failed @7 :Failed;           # the launch failed
    cancelled @8 :RunId;
    probed @9 :Probed;
    shortage @10 :NodeShortage;
    told @11 :Void;
    cleaned @12 :Void;
    quiet @13 :Void;
    stopped @14 :Text;           # the server can't go on with the task, for this reason
    fileOffer @15 :FileOffer;
    filePiece @16 :FilePiece;
    fileEnd @17 :FileEnd;
    fileReply @18 :FileReply;
    fileDrop @19 :UInt64;
  }
}

struct Welcome {
  protocol @0 :UInt32;
  bootHigh @1 :UInt64;
  bootLow @2 :UInt64;
  hostname @3 :Text;
  pid @4 :Int32;
  cpu @5 :Int64;                 # thousandths of a core that the server may use
  ram @6 :Int64;                 # bytes; 0: not known
}

struct Refused {
  reason @0 :Text;
  superseded @1 :Bool;           # a later leader of the task has this node
}

struct NodeRecord {
  process @0 :UInt32;
  record @1 :Data;
}

struct Gone {
  run @0 :RunId;
  rebooted @1 :Bool;             # the machine has restarted since
}

struct Failed {
  run @0 :RunId;
  retry @1 :Bool;
  reason @2 :Text;
}

struct Probed {
  run @0 :RunId;
  yes @1 :Bool;
  text @2 :Text;
  purpose @3 :UInt8;
}

struct NodeShortage {
  of @0 :UInt8;
  over @1 :Bool;
  reason @2 :Text;
}
