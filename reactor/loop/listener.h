// A listening socket on the loop. It accepts clients, and continues to accept after a shortage of
// descriptors.
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
  // `socket` is listening and non-blocking. `name` is for the log. `on_client` gets each client's
  // socket, which is O_CLOEXEC and O_NONBLOCK; it must not destroy the listener.
  Listener(Loop& loop, Deadlines& deadlines, Descriptor socket, std::string name,
           std::function<void(Descriptor)> on_client);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const { return socket_.get(); }

  // Tells the listener that a client's descriptor was closed, so that a waiting client may be
  // accepted.
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
  bool short_ = false;  // descriptors or memory are short, and the log says so
  std::unique_ptr<Poll> poll_;
};

}  // namespace thermos
