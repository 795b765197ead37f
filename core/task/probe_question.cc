#include "core/task/probe_question.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/line_regex.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

namespace thermos {
namespace {

// sun_path of unix(7) without its NUL.
constexpr std::size_t kMaxSocketPath = 107;
// PATH_MAX without its NUL.
constexpr std::size_t kMaxFilePath = 4095;
constexpr std::string_view kScheme = "http://";

struct Given {
  QuestionKind kind;
  std::string_view key;
  const std::string Asking::*text;
};

constexpr std::array kAll = {
    Given{QuestionKind::Cmd, "cmd", &Asking::cmd},
    Given{QuestionKind::Tcp, "tcp", &Asking::tcp},
    Given{QuestionKind::Unix, "unix", &Asking::unix_socket},
    Given{QuestionKind::Http, "http", &Asking::http},
    Given{QuestionKind::File, "file", &Asking::file},
    Given{QuestionKind::Log, "log", &Asking::log},
};

std::string_view key_of(QuestionKind kind) {
  if (kind == QuestionKind::Notify) return "notify";
  return kAll[static_cast<std::size_t>(kind)].key;
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool is_ipv4(std::string_view text) {
  int parts = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    std::uint8_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size()) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    text.remove_prefix(dot + 1);
  }
}

// A rough check: the system refuses other wrong addresses when the question is asked.
bool is_ipv6(std::string_view text) {
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

std::string fault_of_path(std::string_view path, std::size_t most) {
  if (path.find('\0') != std::string_view::npos) return "holds a NUL byte";
  if (!is_utf8(path)) return "is not UTF-8";
  if (path.size() <= most) return "";
  return "is " + std::to_string(path.size()) + " bytes long: at most " + std::to_string(most) +
         " can be asked for";
}

std::string fault_of(const Question& question) {
  switch (question.kind) {
    case QuestionKind::Tcp:
      if (read_host_port(question.text)) return "";
      return quoted(question.text) +
             " is not HOST:PORT: HOST is an IP address or localhost, and PORT 1 to 65535";
    case QuestionKind::Http:
      if (read_http_url(question.text)) return "";
      return quoted(question.text) +
             " is not http://HOST[:PORT][/PATH]: HOST is an IP address or localhost";
    case QuestionKind::Unix:
      return fault_of_path(question.text, kMaxSocketPath);
    case QuestionKind::File:
      return fault_of_path(question.text, kMaxFilePath);
    case QuestionKind::Log: {
      const auto pattern = Pattern::compile(question.text);
      return pattern ? "" : quoted(question.text) + ": " + pattern.error().message;
    }
    case QuestionKind::Cmd:
    case QuestionKind::Notify:
      break;
  }
  return "";
}

}  // namespace

Question question_of(const Asking& asking) {
  if (asking.notify) return {QuestionKind::Notify, {}};
  const auto* const given = std::find_if(kAll.begin(), kAll.end(), [&asking](const Given& one) {
    return !(asking.*one.text).empty();
  });
  return {given->kind, asking.*given->text};
}

const Asking& asking_of(const ProcessConfig& process, Purpose purpose) {
  if (purpose == Purpose::Healthy) return *process.healthy;
  return *process.ready;
}

std::string text_of(const Question& question) {
  std::string text(key_of(question.kind));
  if (!question.text.empty()) text.append(" ").append(question.text);
  return text;
}

std::optional<HostPort> read_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = read_port(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool good = bracketed ? is_ipv6(host) : host == "localhost" || is_ipv4(host);
  if (!port || !good) return std::nullopt;
  return HostPort{std::string(host), *port};
}

std::optional<HttpUrl> read_http_url(std::string_view text) {
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(text.find_first_of("/?#"), text.size());
  HttpUrl url;
  url.authority = text.substr(0, slash);
  const std::string_view path = text.substr(slash, text.find('#') - slash);
  url.target = path.starts_with('/') ? "" : "/";
  url.target += path;
  // A line of the request ends at the first blank or control character.
  if (std::any_of(url.target.begin(), url.target.end(), [](char c) { return c <= ' ' || c > '~'; }))
    return std::nullopt;
  const bool has_port =
      url.authority.rfind(':') != std::string::npos && url.authority.back() != ']';
  const auto to = read_host_port(has_port ? url.authority : url.authority + ":80");
  if (!to) return std::nullopt;
  url.to = *to;
  return url;
}

std::optional<QuestionFault> find_question_fault(const Asking& asking) {
  if (asking.interval < kSecond / 100)
    return QuestionFault{"interval", "is too short: 0.01 seconds at least"};
  if (asking.timeout < kSecond / 100)
    return QuestionFault{"timeout", "is too short: 0.01 seconds at least"};
  const Question question = question_of(asking);
  if (std::string what = fault_of(question); !what.empty()) {
    return QuestionFault{key_of(question.kind), std::move(what)};
  }
  return std::nullopt;
}

}  // namespace thermos
