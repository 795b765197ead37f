@0xd3f6b8a4915c7e02;
# What goes from the reactor to the fork server and back, one message a packet (SOCK_SEQPACKET).
# Not a disk format: both ends come from the same build, so nothing here needs to stay.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("thermos::wire");

# With three descriptors, in this order: the coordinator's stream (locked, O_APPEND), the file for
# stdout, the file for stderr. Behind them the files' directory, when they are rotated; the console
# for stdout and the one for stderr, when there is one; and last, where the process gets a control
# group, its directory.
struct Launch {
  ticket @0 :UInt64;           # comes back in the answer
  process @1 :Text;
  seq @2 :UInt64;              # of the FORKED record
  run @3 :UInt32;
  chain @4 :UInt32;            # the checksum of the stream's last record, or its epoch's seed
  bootHigh @5 :UInt64;
  bootLow @6 :UInt64;
  cmdline @7 :Text;
  directory @8 :Text;          # working directory; as seen inside the root when that is set
  root @9 :Text;               # chroot here first; empty: don't
  environment @10 :List(Text); # NAME=VALUE, complete
  changeUser @11 :Bool;
  uid @12 :UInt32;
  gid @13 :UInt32;
  groups @14 :List(UInt32);
  rotateSize @15 :UInt64;      # the files are rotated before they exceed this; 0: they are not
  backups @16 :UInt32;         # so many full files are kept
  console @17 :Bool;           # what is printed goes to the console, too
}

# What a coordinator says of itself, on the one datagram socket that all of them share, when its
# stream does not take a record: once for each record, which it goes on trying to append.
struct WriteFailure {
  pid @0 :Int32;               # its own
  error @1 :Int32;             # errno
}

# The fork server's answer to one Launch.
struct Launched {
  ticket @0 :UInt64;
  pid @1 :Int32;               # the coordinator's; 0: the clone failed
  error @2 :Int32;             # errno of the failed clone
}
