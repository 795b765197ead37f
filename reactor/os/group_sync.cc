#include "reactor/os/group_sync.h"

#include <liburing.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace thermos {
namespace {

constexpr unsigned kMostAtOnce = 128;
// The limit of the kernel's worker threads, which only wait for the disk. The kernel starts as many
// as there is work for.
constexpr unsigned kWorkers = 64;

void sync_alone(GroupSync::File& file) {
  file.error = (file.contents ? ::fdatasync(file.fd) : ::fsync(file.fd)) == 0 ? 0 : errno;
}

}  // namespace

// An io_uring. Its descriptor is closed on exec.
struct GroupSync::Ring {
  Ring() : error(-::io_uring_queue_init(kMostAtOnce, &ring, 0)) {
    std::array<unsigned, 2> workers{kWorkers, kWorkers};
    // If the kernel can't be told this limit, it uses fewer workers.
    if (error == 0) ::io_uring_register_iowq_max_workers(&ring, workers.data());
  }
  ~Ring() {
    if (error == 0) ::io_uring_queue_exit(&ring);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  io_uring ring{};
  int error;  // the errno of making the ring; 0: it was made
};

GroupSync::GroupSync() = default;
GroupSync::~GroupSync() = default;

void GroupSync::sync(std::span<File> files) {
  while (files.size() > 1 && !forbidden_) {
    if (!ring_) ring_ = std::make_unique<Ring>();
    if (const int error = ring_->error; error != 0) {
      // Other errors are shortages of descriptors or memory, which may be over the next time.
      forbidden_ = error == ENOSYS || error == EPERM || error == EACCES;
      ring_.reset();
      break;
    }
    const auto rest = sync_at_once(files);
    const bool all = rest.size() < files.size();
    files = rest;
    if (!all) break;
  }
  for (File& file : files) sync_alone(file);
}

// Returns the files that were not tried.
std::span<GroupSync::File> GroupSync::sync_at_once(std::span<File> files) {
  const std::size_t wanted = std::min<std::size_t>(files.size(), kMostAtOnce);
  for (std::size_t i = 0; i < wanted; ++i) {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_->ring);
    ::io_uring_prep_fsync(entry, files[i].fd, files[i].contents ? IORING_FSYNC_DATASYNC : 0U);
    ::io_uring_sqe_set_data64(entry, i);
    files[i].error = EIO;  // stays if no completion arrives for this file
  }
  const int submitted =
      std::max(::io_uring_submit_and_wait(&ring_->ring, static_cast<unsigned>(wanted)), 0);
  bool whole = static_cast<std::size_t>(submitted) == wanted;
  for (int heard = 0; heard < submitted;) {
    io_uring_cqe* answer = nullptr;
    const int waited = ::io_uring_wait_cqe(&ring_->ring, &answer);
    if (waited == -EINTR) continue;
    if (waited != 0) {
      whole = false;
      break;
    }
    File& file = files[::io_uring_cqe_get_data64(answer)];
    const int result = answer->res;
    ::io_uring_cqe_seen(&ring_->ring, answer);
    ++heard;
    if (result == -ECANCELED) {  // the ring's own answer: the kernel did not start this sync
      sync_alone(file);
    } else {
      file.error = -result;
    }
  }
  if (!whole) ring_.reset();  // so that the next call does not find leftover requests in the ring
  return files.subspan(static_cast<std::size_t>(submitted));
}

}  // namespace thermos
