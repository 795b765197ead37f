#include <algorithm>
#include <optional>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/document.h"
#include "core/config/load.h"
#include "core/config/number.h"
#include "core/config/schema_table.h"

namespace thermos::config {
namespace {

constexpr std::size_t kShown = 40;

// A long text from a little before byte `from` on: two command lines may differ only at their ends.
std::string shown(std::string_view text, std::size_t from) {
  if (text.size() <= kShown) return quoted(text, kShown);
  const std::size_t start = utf8_boundary(text, from > kShown / 4 ? from - kShown / 4 : 0);
  std::string part = quoted(text.substr(start), kShown);
  if (start > 0) part.insert(1, "...");
  return part;
}

// Collects the first difference; everything after it is ignored.
class Comparison {
 public:
  bool found() const { return !text_.empty(); }
  std::string take() { return std::move(text_); }

  void text(std::string_view path, std::string_view recorded, std::string_view given) {
    if (found() || recorded == given) return;
    const auto differ = std::mismatch(recorded.begin(), recorded.end(), given.begin(), given.end());
    const auto from = static_cast<std::size_t>(differ.first - recorded.begin());
    say(path, shown(recorded, from) + " is now " + shown(given, from));
  }
  void number(std::string_view path, const std::string& recorded, const std::string& given) {
    if (!found() && recorded != given) say(path, recorded + " is now " + given);
  }
  void count(std::string_view path, std::uint32_t recorded, std::uint32_t given) {
    if (recorded != given) number(path, std::to_string(recorded), std::to_string(given));
  }
  void flag(std::string_view path, bool recorded, bool given) {
    number(path, recorded ? "true" : "false", given ? "true" : "false");
  }
  void seconds(std::string_view path, Microseconds recorded, Microseconds given) {
    if (recorded != given) number(path, seconds_text(recorded), seconds_text(given));
  }
  void resources(std::string_view path, const std::optional<Resources>& recorded,
                 const std::optional<Resources>& given) {
    if (found() || recorded == given) return;
    if (!recorded || !given) {
      say(path, recorded ? "are gone" : "are new");
      return;
    }
    number(join_path(path, "cpu"), number_text(recorded->cpu), number_text(given->cpu));
    number(join_path(path, "ram"), std::to_string(recorded->ram), std::to_string(given->ram));
    number(join_path(path, "disk"), std::to_string(recorded->disk), std::to_string(given->disk));
  }
  void logger(std::string_view path, const Logger& recorded, const Logger& given) {
    const auto word = [](auto value) { return quoted(word_of(value)); };
    number(join_path(path, "destination"), word(recorded.destination), word(given.destination));
    number(join_path(path, "mode"), word(recorded.mode), word(given.mode));
    const RotatePolicy& was = recorded.rotate;
    const RotatePolicy& is = given.rotate;
    const std::string rotate = join_path(path, "rotate");
    number(rotate + ".log_size", std::to_string(was.log_size), std::to_string(is.log_size));
    count(rotate + ".backups", was.backups, is.backups);
  }
  void say(std::string_view path, std::string_view what) {
    if (!found()) text_.append(path).append(": ").append(what);
  }

  // All paths below are relative to here.
  void process(const std::string& path, const ProcessConfig& a, const ProcessConfig& b) {
    if (found() || a == b) return;
    text(path + ".name", a.name, b.name);
    text(path + ".cmdline", a.cmdline, b.cmdline);
    count(path + ".max_failures", a.max_failures, b.max_failures);
    flag(path + ".daemon", a.daemon, b.daemon);
    flag(path + ".ephemeral", a.ephemeral, b.ephemeral);
    seconds(path + ".min_duration", a.min_duration, b.min_duration);
    flag(path + ".final", a.final, b.final);
    resources(path + ".resources", a.resources, b.resources);
    logger(path + ".logger", a.logger.value_or(Logger()), b.logger.value_or(Logger()));
  }
  void constraint(const std::string& path, const Constraint& a, const Constraint& b) {
    if (found() || a == b) return;
    list(
        path + ".order", a.order, b.order,
        [this](const std::string& at, const std::string& x, const std::string& y) {
          text(at, x, y);
        },
        [](const std::string& name) { return quoted(name, kShown); });
  }
  template <typename T, typename Compare, typename Name>
  void list(const std::string& path, const std::vector<T>& a, const std::vector<T>& b,
            Compare compare, Name name) {
    if (found() || a == b) return;
    const auto at = [&path](std::size_t i) { return path + "[" + std::to_string(i) + "]"; };
    const std::size_t both = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < both && !found(); ++i) {
      if (!(a[i] == b[i])) compare(at(i), a[i], b[i]);
    }
    if (a.size() > both) say(at(both), name(a[both]) + " is gone");
    if (b.size() > both) say(at(both), name(b[both]) + " is new");
  }

 private:
  std::string text_;
};

}  // namespace

std::string first_difference(const TaskConfig& recorded, const TaskConfig& given) {
  Comparison first;
  first.text("name", recorded.name, given.name);
  first.list(
      "processes", recorded.processes, given.processes,
      [&first](const std::string& path, const ProcessConfig& a, const ProcessConfig& b) {
        first.process(path, a, b);
      },
      [](const ProcessConfig& process) { return quoted(process.name, kShown); });
  first.list(
      "constraints", recorded.constraints, given.constraints,
      [&first](const std::string& path, const Constraint& a, const Constraint& b) {
        first.constraint(path, a, b);
      },
      [](const Constraint& constraint) {
        return constraint.order.empty() ? "an empty order"
                                        : "the order from " + quoted(constraint.order[0], kShown);
      });
  first.resources("resources", recorded.resources, given.resources);
  first.count("max_failures", recorded.max_failures, given.max_failures);
  first.count("max_concurrency", recorded.max_concurrency, given.max_concurrency);
  first.seconds("finalization_wait", recorded.finalization_wait, given.finalization_wait);
  first.text("user", recorded.user, given.user);
  return first.take();
}

}  // namespace thermos::config
