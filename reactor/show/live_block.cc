#include "reactor/show/live_block.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

using Stage = RunProgress::Stage;

constexpr std::size_t kMostNames = 10;
constexpr std::string_view kIndent = "  ";

std::int64_t whole_seconds(Microseconds left) {
  return left <= 0 ? 0 : (left + kSecond - 1) / kSecond;
}

// Adds parts to a line as long as they fit. A part is shown whole or not at all.
class Line {
 public:
  explicit Line(std::size_t columns, const LineStyle& style) : left_(columns), style_(style) {}

  bool add(std::string_view text, std::string_view code = {}) {
    const std::string_view between = text_.empty() ? "" : ", ";
    const std::size_t width = between.size() + display_width(text);
    if (width > left_) return false;
    left_ -= width;
    text_.append(between).append(coloured(text, code, style_));
    return true;
  }
  std::size_t left() const { return left_; }
  std::string take() { return std::move(text_); }

 private:
  std::size_t left_;
  const LineStyle& style_;
  std::string text_;
};

std::string bar(std::size_t done, std::size_t failed, std::size_t total, std::size_t width,
                const LineStyle& style) {
  const auto cells = [&](std::size_t count) { return total == 0 ? 0 : count * width / total; };
  const std::size_t both = std::min(width, cells(done + failed));
  const std::size_t red = std::min(both, cells(failed));
  return "[" + coloured(std::string(both - red, '='), "32", style) +
         coloured(std::string(red, '='), "31", style) + std::string(width - both, '-') + "]  ";
}

std::string counts_line(const RunProgress& progress, Timestamp now, std::size_t columns,
                        const LineStyle& style) {
  const std::size_t failed = progress.count(Stage::Failed);
  Line line(columns, style);
  if (progress.total() > 0) {
    line.add(fmt::format("{}/{} done", progress.ended() - std::min(failed, progress.ended()),
                         progress.total()));
  }
  line.add(fmt::format("{} running", progress.count(Stage::Running)),
           progress.count(Stage::Running) > 0 ? "36" : "");
  if (failed > 0) line.add(fmt::format("{} failed", failed), "31");
  // Processes that were stopped because the task ends do not run again.
  const bool active = progress.step() && progress.step()->status.state == TaskState::Active;
  if (const std::size_t again = progress.count(Stage::Again); again > 0 && active) {
    line.add(fmt::format("{} to retry", again), "33");
  }
  if (const auto left = progress.time_left(now)) {
    line.add(left_text(*left));
  }
  constexpr std::size_t kLeastBar = 10;
  constexpr std::size_t kMostBar = 40;
  constexpr std::size_t kFrame = 4;  // "[", "]" and two spaces
  const std::size_t room = line.left();
  if (progress.total() < 2 || room < kLeastBar + kFrame) return line.take();
  const std::size_t done = progress.ended() - std::min(failed, progress.ended());
  return bar(done, failed, progress.total(), std::min(kMostBar, room - kFrame), style) +
         line.take();
}

std::string entry_line(const RunProgress::Entry& entry, std::string_view what,
                       std::size_t name_width, std::size_t columns) {
  std::string line = std::string(kIndent) +
                     pad_right(cut_middle(printable(entry.name), name_width), name_width) + "  ";
  line += what;
  if (!entry.attempt.empty()) {
    const std::string more = line + ", " + entry.attempt;
    if (display_width(more) <= columns) line = more;
  }
  return cut_end(line, columns);
}

// Adds a line for each process that runs or is to run again, at most `most` lines.
void add_names(std::vector<std::string>& lines, const RunProgress& progress, Timestamp now,
               std::size_t columns, std::size_t most) {
  const bool active = progress.step() && progress.step()->status.state == TaskState::Active;
  const std::size_t again_count = active ? progress.count(Stage::Again) : 0;
  const std::size_t all = progress.count(Stage::Running) + again_count;
  if (all == 0 || most == 0) return;
  const std::size_t shown = all <= most ? all : most - 1;  // one line tells how many more
  const auto running = progress.running(shown);
  const auto again = progress.again(active ? shown - running.size() : 0);
  std::size_t width = 0;
  for (const auto* entries : {&running, &again}) {
    for (const auto& entry : *entries) {
      width = std::max(width, display_width(printable(entry.name)));
    }
  }
  const std::size_t time = again.empty() ? 6 : 12;  // "59m59s", "next in 9 s"
  const std::size_t room =
      columns > kIndent.size() + 2 + time ? columns - kIndent.size() - 2 - time : 1;
  width = std::min(width, room);
  for (const auto& entry : running) {
    lines.push_back(entry_line(entry, rough_text(now.boot - entry.at), width, columns));
  }
  for (const auto& entry : again) {
    const std::int64_t left = whole_seconds(entry.at - now.boot);
    lines.push_back(entry_line(entry,
                               left == 0 ? std::string("next") : fmt::format("next in {} s", left),
                               width, columns));
  }
  if (all > shown) {
    lines.push_back(cut_end(fmt::format("{}and {} more", kIndent, all - shown), columns));
  }
}

}  // namespace

std::optional<std::string> ending_words(const RunProgress& progress, Timestamp now,
                                        std::size_t columns) {
  if (!progress.step()) return std::nullopt;
  const TaskStatus& status = progress.step()->status;
  if (status.state != TaskState::Cleaning && status.state != TaskState::Finalizing) {
    return std::nullopt;
  }
  const std::int64_t left = whole_seconds(status.deadline.boot - now.boot);
  if (left == 0) return cut_end("killing what runs", columns);
  const bool final = status.state == TaskState::Finalizing;
  const std::string when = fmt::format("SIGKILL in {} s", left);
  std::string what = final ? "finalizing" : "stopping";
  const bool by_hand = progress.why_it_ends() == "SIGINT";
  std::vector<std::string> choices;
  if (by_hand) {
    choices = {what + "; " + when + "; Ctrl-C again kills now", when + "; Ctrl-C again kills now",
               when + "; Ctrl-C: now"};
  } else {
    if (!progress.why_it_ends().empty()) {
      choices.push_back(what + ": " + printable(progress.why_it_ends()) + "; " + when);
    }
    choices.push_back(what + "; " + when);
  }
  for (const std::string& choice : choices) {
    if (display_width(choice) <= columns) return choice;
  }
  return cut_end(choices.back(), columns);
}

std::vector<std::string> live_block(const RunProgress& progress, Timestamp now,
                                    const ScreenSize& screen, const LineStyle& style) {
  // One column stays free, because some terminals wrap a full line.
  const std::size_t columns = std::max<std::size_t>(screen.columns, 2) - 1;
  const std::size_t most = std::max<std::size_t>(screen.rows / 2, 2);
  std::vector<std::string> lines;
  if (const auto ending = ending_words(progress, now, columns)) {
    lines.push_back(coloured(*ending, "33", style));
  }
  lines.push_back(counts_line(progress, now, columns, style));
  add_names(lines, progress, now, columns, std::min(kMostNames, most - lines.size()));
  return lines;
}

std::optional<Microseconds> live_block_changes_at(const RunProgress& progress, Timestamp now) {
  const bool ending = progress.step() && progress.step()->status.state != TaskState::Active;
  if (!ending && progress.count(Stage::Running) == 0 && progress.count(Stage::Again) == 0) {
    return std::nullopt;
  }
  return (now.boot / kSecond + 1) * kSecond;
}

}  // namespace thermos
