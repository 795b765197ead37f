# shellcheck shell=bash disable=SC2154,SC2034
# The disks that the tables stand on. Sourced by compare.sh.
#
# What a launch costs depends on the file system: one without a journal steps over every inode that
# was deleted in the last five minutes (README.md). So there is a fresh ext4 with a journal, in a
# file of its own, beside a tmpfs and the $TMPDIR that one has, which is taken as it is.

declare -A place_of=() # by name: a directory
places=()              # the names, in the order of the columns
mounted=()             # what cleanup_places unmounts

# add_place NAME DIRECTORY
add_place() {
  place_of[$1]=$2
  places+=("$1")
}

# add_mount NAME mount's ARGUMENTS...: false if it may not be.
add_mount() {
  local directory=$notes/$1
  mkdir "$directory"
  mount "${@:2}" "$directory" 2>>"$notes/mount.errors" || return 1
  mounted+=("$directory")
  mkdir "$directory/work"
  # On an ext4 of our own, each run's directory comes into a part of the disk of its own. Not in $TMPDIR: there it
  # would hide what a user meets on a disk without a journal.
  chattr +T "$directory/work" 2>/dev/null || true
  add_place "$1" "$directory/work"
}

# make_places: PLACES names some of them; default: all that can be had.
make_places() {
  local wanted=" ${PLACES:-journal tmpfs tmpdir} " image=$notes/journal.image
  if [[ $wanted == *" journal "* ]]; then
    # Inodes for a million files, and nothing left to do for the kernel behind our back.
    truncate -s "${JOURNAL_SIZE:-6G}" "$image"
    if ! { mkfs.ext4 -q -F -i 4096 -E lazy_itable_init=0,lazy_journal_init=0 "$image" &&
      add_mount journal -o loop "$image"; } 2>>"$notes/mount.errors"; then
      echo "no ext4 of our own: $(tail -1 "$notes/mount.errors")" >&2
    fi
  fi
  if [[ $wanted == *" tmpfs "* ]] && ! add_mount tmpfs -t tmpfs none; then
    echo "no tmpfs of our own: $(tail -1 "$notes/mount.errors")" >&2
  fi
  if [[ $wanted == *" tmpdir "* ]] || [ ${#places[@]} -eq 0 ]; then
    mkdir "$notes/tmpdir"
    add_place tmpdir "$notes/tmpdir"
  fi
}

cleanup_places() {
  local directory
  for directory in ${mounted[@]+"${mounted[@]}"}; do
    umount "$directory" 2>/dev/null || umount -l "$directory" || true
  done
}

# standing PLACE: what it stands on, in words.
standing() {
  local directory=${place_of[$1]} kind device
  kind=$(stat -f -c %T "$directory")
  if [ "$kind" != ext2/ext3 ]; then
    echo "$1 is $kind"
    return
  fi
  device=$(basename "$(df --output=source "$directory" | tail -1)")
  kind="ext4 without a journal"
  if compgen -G "/proc/fs/jbd2/$device-*" >/dev/null; then kind="ext4 with a journal"; fi
  echo "$1 is $kind, on /dev/$device"
}

# stand_on PLACE: what follows works there.
stand_on() {
  place=$1
  work=${place_of[$1]}
}

# say_standing [PLACE...]: for the head of a table.
say_standing() {
  local name text=
  for name in "$@"; do text+="${text:+; }$(standing "$name")"; done
  echo "on: $text"
}
