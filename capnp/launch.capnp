@0xd3f6b8a4915c7e02;
# The messages between the reactor and the fork server, one in each packet (SOCK_SEQPACKET). Both ends
# come from the same build, so, unlike the disk format, this may change freely.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("thermos::wire");

# The message carries these descriptors (SCM_RIGHTS, unix(7)), in this order: the coordinator's stream
# (locked, O_APPEND), the file for stdout, the file for stderr; if the files are rotated, their
# directory; if `console`, the consoles for stdout and stderr; and last, if the process gets a control
# group, the directory of that group.
struct Launch {
  ticket @0 :UInt64;           # the answer repeats it
  process @1 :Text;
  seq @2 :UInt64;              # of the FORKED record
  run @3 :UInt32;
  chain @4 :UInt32;            # the checksum of the stream's last frame, or the seed from its epoch
  bootHigh @5 :UInt64;
  bootLow @6 :UInt64;
  cmdline @7 :Text;
  directory @8 :Text;          # working directory, inside the root if that is set
  root @9 :Text;               # chroot(2) here first; empty: no chroot
  environment @10 :List(Text); # NAME=VALUE; the process gets nothing else
  changeUser @11 :Bool;
  uid @12 :UInt32;
  gid @13 :UInt32;
  groups @14 :List(UInt32);
  rotateSize @15 :UInt64;      # bytes that a rotated file does not exceed; 0: no rotation
  backups @16 :UInt32;         # how many full files are kept
  console @17 :Bool;           # the output goes to the console too
  arguments @18 :List(Text);   # a program and its arguments, run instead of cmdline
  subdirectory @19 :Text;      # entered from the directory, and made if it is missing; empty: none
  input @20 :Text;             # an absolute path, inside the root if that is set; empty: no input
  successCodes @21 :Data;      # a byte for each exit code that is a success; empty: 0 alone
  stopSignal @22 :UInt8 = 15;  # the signal that the coordinator sends on when it gets SIGTERM
  endsWithUs @23 :Bool;        # the whole tree is killed when the program that launched it is gone
  # The process gets a socket for sd_notify(3); the environment has a NOTIFY_SOCKET for its address.
  notify @24 :Bool;
  watchdog @25 :Int64;         # microseconds; 0: the process need not send WATCHDOG=1
  watchdogWaits @26 :Bool;     # the watchdog begins at READY=1, not when it runs
  killWait @27 :Int64;         # microseconds from the watchdog's SIGABRT to SIGKILL
  secrets @28 :List(Secret);   # variables whose values the coordinator reads
  # If this is not 0, the stream is empty, and the first write to it begins with a header of this epoch.
  epoch @29 :UInt64;
}

# A variable of the environment whose value is never recorded.
struct Secret {
  name @0 :Text;
  file @1 :Text;               # the file that holds the value, outside of the root; empty: cmd is run
  cmd @2 :Text;                # bash runs this as the process's user, and its output is the value
  root @3 :Bool;               # the file is read with the coordinator's rights, not the user's
}

# A coordinator sends this on the datagram socket that all coordinators share when it fails to append
# a record to its stream. It sends it once for each such record, and keeps trying to append.
struct WriteFailure {
  pid @0 :Int32;               # the coordinator's
  error @1 :Int32;             # errno
}

# The fork server's answer to one Launch.
struct Launched {
  ticket @0 :UInt64;
  pid @1 :Int32;               # the coordinator's; 0: the clone failed
  error @2 :Int32;             # errno of the failed clone
}
