#include "core/explain/metrics_text.h"

#include <algorithm>
#include <array>

#include "core/base/seconds.h"
#include "core/base/utf8.h"

namespace thermos {
namespace {

constexpr std::string_view kTotal = "_total";

std::string_view name_of(MetricType type) {
  constexpr std::array<std::string_view, 3> kNames = {"counter", "gauge", "histogram"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view without_total(std::string_view name) {
  if (name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  return name;
}

// Returns the unit in a metric's name; "" if the name has none.
std::string_view unit_of(std::string_view name) {
  const std::string_view base = without_total(name);
  for (const std::string_view unit : {"seconds", "bytes"}) {
    if (base.ends_with(unit) && base.ends_with("_" + std::string(unit))) return unit;
  }
  return {};
}

// A value holds any bytes; what is written is UTF-8 on one line.
std::string escaped(std::string_view value) {
  std::string text;
  for (std::size_t at = 0; at < value.size();) {
    const Utf8Character character = utf8_character_at(value, at);
    const std::string_view bytes = value.substr(at, character.bytes);
    at += character.bytes;
    if (bytes == "\\" || bytes == "\"") {
      text.append("\\").append(bytes);
    } else if (bytes == "\n") {
      text += "\\n";
    } else if (character.well_formed) {
      text += bytes;
    } else {
      text += "\xef\xbf\xbd";  // U+FFFD
    }
  }
  return text;
}

}  // namespace

void MetricsText::family(std::string_view name, MetricType type, std::string_view help) {
  name_ = name;
  const std::string unit(unit_of(name));
  text_ += "# HELP " + name_ + " " + std::string(help) + "\n";
  text_ += "# TYPE " + name_ + " " + std::string(name_of(type)) + "\n";
  if (!unit.empty()) text_ += "# UNIT " + name_ + " " + unit + "\n";
}

void MetricsText::begin_sample(std::string_view suffix, const Labels& labels) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  for (const auto& [name, value] : labels) {
    text_ += before;
    text_.append(name).append("=\"").append(escaped(value)).append("\"");
    before = ',';
  }
  if (!labels.empty()) text_ += '}';
  text_ += ' ';
}

void MetricsText::sample(const Labels& labels, std::uint64_t value) {
  begin_sample({}, labels);
  text_ += std::to_string(value) + "\n";
}

void MetricsText::seconds(const Labels& labels, Microseconds value) {
  begin_sample({}, labels);
  text_ += seconds_text(value) + "\n";
}

void MetricsText::histogram(const Histogram& values) {
  for (std::size_t i = 0; i < values.bounds().size(); ++i) {
    // By OpenMetrics a bound is a float in its shortest form: "1.0".
    std::string bound = seconds_text(values.bounds()[i]);
    if (bound.find('.') == std::string::npos) bound += ".0";
    begin_sample("_bucket", {{"le", bound}});
    text_ += std::to_string(values.up_to(i)) + "\n";
  }
  begin_sample("_bucket", {{"le", "+Inf"}});
  text_ += std::to_string(values.count()) + "\n";
  begin_sample("_sum", {});
  text_ += seconds_text(values.sum()) + "\n";
  begin_sample("_count", {});
  text_ += std::to_string(values.count()) + "\n";
}

std::string open_metrics(std::string_view text) {
  std::string made;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (line.starts_with("# ")) {
      const std::size_t name = line.find(' ', 2) + 1;
      const std::size_t behind = std::min(line.find(' ', name), line.size());
      if (name != 0 && line.substr(0, behind).ends_with(kTotal)) {
        made += line.substr(0, behind - kTotal.size());
        line.remove_prefix(behind);
      }
    }
    made += line;
  }
  return made;
}

}  // namespace thermos
