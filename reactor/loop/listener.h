// A listening socket on the loop. It hands each client over as it comes, and is not deaf afterwards
// when for a while there was no descriptor to take one in with.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/spare_descriptors.h"

namespace thermos {

class Listener {
 public:
  // `socket` listens and does not block. `name` is for the log. `on_client` gets clients that are
  // close-on-exec and do not block; it may not destroy the listener.
  Listener(Loop& loop, Deadlines& deadlines, Descriptor socket, std::string name,
           std::function<void(Descriptor)> on_client);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const { return socket_.get(); }

  // A client has left, so its descriptor may be free for one who waits.
  void client_left();

 private:
  void accept_some();
  Descriptor accept_one(int& error_number);
  void pause(int error_number);
  void go_on();

  Loop& loop_;
  Deadlines& deadlines_;
  Descriptor socket_;
  std::string name_;
  std::function<void(Descriptor)> on_client_;
  SpareDescriptors spare_{1};
  std::optional<Deadlines::Key> pause_;
  bool short_ = false;  // of descriptors, or of memory, and that was said
  std::unique_ptr<Poll> poll_;
};

}  // namespace thermos
