// Metrics in the text format that Prometheus, its promtool and node_exporter's textfile collector
// read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/histogram.h"

namespace thermos {

enum class MetricType : std::uint8_t { Counter, Gauge, Histogram };

class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  // Begins a metric family, to which the samples after it belong. A counter's name ends in
  // "_total"; the last word before that, if it is "seconds" or "bytes", is the unit.
  void family(std::string_view name, MetricType type, std::string_view help);
  void sample(const Labels& labels, std::uint64_t value);
  // Adds a sample in seconds, with a fraction if it has one.
  void seconds(const Labels& labels, Microseconds value);
  void histogram(const Histogram& values);

  const std::string& text() const { return text_; }

 private:
  void begin_sample(std::string_view suffix, const Labels& labels);

  std::string name_;  // of the family
  std::string text_;
};

inline constexpr std::string_view kMetricsEnd = "# EOF\n";

// Returns the same metrics strictly as OpenMetrics demands, which describes a counter by its name
// without the "_total" of its samples. promtool and the textfile collector then don't find the
// description.
std::string open_metrics(std::string_view text);

}  // namespace thermos
