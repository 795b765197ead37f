// What a process may be asked to find out whether it is ready, or healthy: the kinds of questions,
// and what their texts may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/task/task.h"

namespace thermos {

// What the answer is for.
enum class Purpose : std::uint8_t { Ready, Healthy };

// Notify is not asked: the process says so itself.
enum class QuestionKind : std::uint8_t { Cmd, Tcp, Unix, Http, File, Log, Notify };

struct Question {
  QuestionKind kind = QuestionKind::File;
  std::string_view text;  // borrowed from the task
};

// The question that is given. REQUIRES: check_task() accepted it.
Question question_of(const Asking& asking);

// What `process` is asked for that purpose. REQUIRES: it has a `ready`, or a `healthy`.
const Asking& asking_of(const ProcessConfig& process, Purpose purpose);

// "tcp 127.0.0.1:80", for people.
std::string text_of(const Question& question);

struct HostPort {
  std::string host;  // an IP address, or "localhost"; without the brackets of [::1]
  std::uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};

// Reads "host:port" or "[address]:port". Nothing if it is not that. Names other than localhost are
// not read: to look one up may take as long as it likes, and what is asked runs on this machine.
std::optional<HostPort> read_host_port(std::string_view text);

struct HttpUrl {
  HostPort to;
  std::string authority;  // as written, for the header Host
  std::string target;     // begins with '/'
  bool operator==(const HttpUrl&) const = default;
};

// Reads "http://host[:port][/path]"; nothing if it is not that.
std::optional<HttpUrl> read_http_url(std::string_view text);

// What is wrong with the question, and the key at which it stands; nothing if it can be asked.
struct QuestionFault {
  std::string_view key;
  std::string what;
};
std::optional<QuestionFault> find_question_fault(const Asking& asking);

}  // namespace thermos
