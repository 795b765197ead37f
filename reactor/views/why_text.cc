#include "reactor/views/why_text.h"

#include <algorithm>
#include <vector>

#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

constexpr std::size_t kTimeWidth = 14;
constexpr std::size_t kFewestCauses = 4;

std::string time_text(const std::optional<Microseconds>& time, Microseconds at) {
  if (!time) return "";
  constexpr Microseconds kDay = 86'400 * kSecond;
  return at - *time < kDay && *time - at < kDay ? clock_text(*time) : since_text(*time, at);
}

// Returns `text` after `head`, broken into lines that are aligned below each other.
std::string hanging(const std::string& head, std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(head);
  const std::size_t room = columns > width ? columns - width : 1;
  std::string lines = head;
  for (const char c : wrapped(text, room, 0)) {
    lines += c;
    if (c == '\n') lines.append(width, ' ');
  }
  return lines + "\n";
}

std::string cause_text(const Cause& cause, Microseconds at, const WhyStyle& style) {
  std::string text = cause.text;
  if (cause.until) text += " (until " + time_text(cause.until, at) + ")";
  return hanging("  " + pad_right(time_text(cause.time, at), kTimeWidth), text, style.columns);
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string left_out(std::size_t count) {
  return "  " + std::string(kTimeWidth, ' ') + "... " + std::to_string(count) +
         " more (`--all` shows them)\n";
}

// Returns the causes in at most `rows` rows. The first and the last causes are the ends of the
// chain, so those in the middle are left out.
std::string causes_text(const std::vector<std::string>& causes, std::size_t rows) {
  std::size_t lines = 0;
  for (const std::string& cause : causes) lines += lines_in(cause);
  std::size_t first = causes.size();
  std::size_t last = causes.size();
  while (rows != 0 && lines + (first < last ? 1 : 0) > rows &&
         first + (causes.size() - last) > kFewestCauses) {
    if (first == last) first = last = (causes.size() + 1) / 2;
    if (first >= causes.size() - last) {
      lines -= lines_in(causes[--first]);
    } else {
      lines -= lines_in(causes[last++]);
    }
  }
  std::string text;
  for (std::size_t i = 0; i < first; ++i) text += causes[i];
  if (first < last) text += left_out(last - first);
  for (std::size_t i = last; i < causes.size(); ++i) text += causes[i];
  return text;
}

}  // namespace

std::string why_text(const Answer& answer, const LogEnd& printed, Microseconds at,
                     const WhyStyle& style) {
  std::string text =
      wrapped(coloured(printable(answer.answer), "1", style.line), style.columns, 2) + "\n";
  if (answer.output && !printed.lines.empty()) {
    text += "  " + printable(printed.path) + ":\n";
    for (const std::string& line : printed.lines) {
      text += cut_end("      " + printable(line), style.columns) + "\n";
    }
  }
  std::string advice;
  if (!answer.advice.empty()) advice = hanging("  -> ", answer.advice, style.columns);
  std::vector<std::string> causes;
  causes.reserve(answer.causes.size());
  for (const Cause& cause : answer.causes) causes.push_back(cause_text(cause, at, style));
  std::size_t rows = 0;
  if (style.rows != 0) {
    const std::size_t taken = lines_in(text) + lines_in(advice) + 1;  // one row for the prompt
    rows = style.rows > taken ? std::max(style.rows - taken, kFewestCauses) : kFewestCauses;
  }
  return text + causes_text(causes, rows) + advice;
}

Json why_json(const std::string& task_id, const Answer& answer, const LogEnd& printed,
              Microseconds at) {
  const auto seconds = [](Microseconds time) {
    return static_cast<double>(time) / static_cast<double>(kSecond);
  };
  Json json = {{"task_id", task_id}};
  if (!answer.process.empty()) json["process"] = answer.process;
  if (answer.run) json["run"] = *answer.run;
  json["at"] = seconds(at);
  json["state"] = answer.state;
  json["answer"] = answer.answer;
  json["causes"] = Json::array();
  for (const Cause& cause : answer.causes) {
    Json one = {{"kind", name_of(cause.kind)}};
    if (!cause.process.empty()) one["process"] = cause.process;
    if (cause.run) one["run"] = *cause.run;
    if (cause.time) one["time"] = seconds(*cause.time);
    if (cause.until) one["until"] = seconds(*cause.until);
    one["text"] = cause.text;
    json["causes"].push_back(std::move(one));
  }
  if (!answer.advice.empty()) json["advice"] = answer.advice;
  if (answer.output) {
    json["output"] = {{"process", answer.output->process},
                      {"run", answer.output->run},
                      {"path", printed.path},
                      {"lines", printed.lines}};
  }
  return json;
}

}  // namespace thermos
