#include "observing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "waiting.h"

namespace thermos::observe {
namespace {

// A line of /proc/PID/status.
std::uint64_t number_in_status(pid_t pid, const std::string& name) {
  const std::string text = real::read_file("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = text.find("\n" + name + ":");
  EXPECT_NE(at, std::string::npos) << name;
  return at == std::string::npos ? 0
                                 : std::strtoull(text.c_str() + at + name.size() + 2, nullptr, 10);
}

}  // namespace

Observing::Observing(real::Site& site, const std::string& listen,
                     const real::Surroundings& surroundings, const std::string& path)
    : socket_(path.empty() ? site.path() + "/observe.sock" : path),
      program_(site.start({"observe", "--listen", listen.empty() ? "unix:" + socket_ : listen},
                          surroundings)) {
  std::string out = program_.errors();
  out.replace(out.size() - 3, 3, "out");
  EXPECT_TRUE(real::wait_for_text(out, "\n")) << real::read_file(program_.errors());
  url_ = real::read_file(out);
  url_.resize(std::min(url_.find('\n'), url_.size()));
}

std::uint16_t Observing::port() const {
  const std::size_t at = url_.find("127.0.0.1:");
  return static_cast<std::uint16_t>(std::strtoul(url_.c_str() + at + 10, nullptr, 10));
}

std::string Observing::token() const {
  return url_.substr(url_.find("token=") + 6);
}

Response Observing::get(const std::string& target, const Headers& headers,
                        const std::string& method) const {
  Connection connection = connect();
  connection.ask(target, headers, method);
  return connection.response(method != "HEAD");
}

real::Json Observing::json(const std::string& target) const {
  const Response response = get(target);
  EXPECT_EQ(response.status, 200) << target << ": " << response.body;
  return real::Json::parse(response.body, nullptr, false);
}

std::uint64_t Observing::sleeps() const {
  return number_in_status(program_.pid(), "voluntary_ctxt_switches");
}

std::uint64_t Observing::memory() const {
  return number_in_status(program_.pid(), "VmRSS") * 1024;
}

std::size_t Observing::descriptors() const {
  return real::descriptors_of(program_.pid()).size();
}

}  // namespace thermos::observe
