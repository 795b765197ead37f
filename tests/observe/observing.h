// A running observer, for tests.
#pragma once

#include <cstdint>
#include <string>

#include "http_client.h"
#include "task_run.h"

namespace thermos::observe {

class Observing {
 public:
  // Starts `thermos observe` on the site's root and waits for its URL. Without `listen`, it is at
  // the socket `path`, or at one in the site.
  explicit Observing(real::Site& site, const std::string& listen = {},
                     const real::Surroundings& surroundings = {}, const std::string& path = {});

  const std::string& url() const { return url_; }
  std::string socket() const { return socket_; }
  std::uint16_t port() const;
  std::string token() const;
  real::Command& program() { return program_; }

  Connection connect() const { return Connection(socket_); }
  Response get(const std::string& target, const Headers& headers = {},
               const std::string& method = "GET") const;
  // The body of a 200 as JSON.
  real::Json json(const std::string& target) const;

  // Of the program: how often it slept, its memory in bytes, and how many descriptors it has.
  std::uint64_t sleeps() const;
  std::uint64_t memory() const;
  std::size_t descriptors() const;

 private:
  std::string socket_;
  real::Command program_;
  std::string url_;
};

}  // namespace thermos::observe
