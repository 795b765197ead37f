// How a process may be asked whether it is ready or healthy: the kinds of questions, and their
// texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/task/task.h"

namespace thermos {

// What the answer decides.
enum class Purpose : std::uint8_t { Ready, Healthy };

// A question of the kind Notify is not asked: the process itself says that it is ready.
enum class QuestionKind : std::uint8_t { Cmd, Tcp, Unix, Http, File, Log, Notify };

struct Question {
  QuestionKind kind = QuestionKind::File;
  std::string_view text;  // borrowed from the task
};

// Returns the question that `asking` holds. REQUIRES: check_task() accepted it.
Question question_of(const Asking& asking);

// Returns the question of `process` for that purpose. REQUIRES: the process has a `ready`, or a
// `healthy`.
const Asking& asking_of(const ProcessConfig& process, Purpose purpose);

// Returns a text for people, such as "tcp 127.0.0.1:80".
std::string text_of(const Question& question);

struct HostPort {
  std::string host;  // an IP address, or "localhost"; without the brackets of [::1]
  std::uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};

// Reads "host:port" or "[address]:port". Returns nothing if the text is neither. Names other than
// localhost are refused: a look-up has no time limit, and the process that is asked runs on this
// machine.
std::optional<HostPort> read_host_port(std::string_view text);

struct HttpUrl {
  HostPort to;
  std::string authority;  // as written, for the header Host
  std::string target;     // begins with '/'
  bool operator==(const HttpUrl&) const = default;
};

// Reads "http://host[:port][/path]"; returns nothing if the text is not of this form.
std::optional<HttpUrl> read_http_url(std::string_view text);

// What is wrong with a question, and the key that holds the fault.
struct QuestionFault {
  std::string_view key;
  std::string what;
};
// Returns nothing if the question can be asked.
std::optional<QuestionFault> find_question_fault(const Asking& asking);

}  // namespace thermos
