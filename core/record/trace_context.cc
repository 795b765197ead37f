#include "core/record/trace_context.h"

#include <algorithm>

#include "core/base/sha256.h"

namespace thermos {
namespace {

constexpr std::size_t kTraceDigits = 32;
constexpr std::size_t kSpanDigits = 16;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

// Returns the first digits of the hash. An id of zeros would be invalid.
std::string id_of(const std::string& text, std::size_t digits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id;
  const auto digest = sha256(text);
  for (std::size_t i = 0; i < digits / 2; ++i) {
    id += kHex[digest[i] >> 4];
    id += kHex[digest[i] & 15];
  }
  if (!is_id(id)) id.back() = '1';  // GCOVR_EXCL_BR_LINE: no text with such a hash is known
  return id;
}

std::string numbered(std::string_view kind, std::string_view name, std::uint32_t number) {
  return std::string(kind) + '\0' + std::string(name) + '\0' + std::to_string(number);
}

}  // namespace

std::optional<TraceParent> trace_parent_from(std::string_view text) {
  // VERSION-TRACEID-SPANID-FLAGS; a later version may have more behind another dash.
  constexpr std::size_t kLength = 2 + 1 + kTraceDigits + 1 + kSpanDigits + 1 + 2;
  if (text.size() < kLength) return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace = text.substr(3, kTraceDigits);
  const std::string_view span = text.substr(4 + kTraceDigits, kSpanDigits);
  const std::string_view flags = text.substr(kLength - 2, 2);
  const bool dashes = text[2] == '-' && text[3 + kTraceDigits] == '-' && text[kLength - 3] == '-';
  if (!dashes || !is_hex(version) || version == "ff" || !is_hex(flags)) return std::nullopt;
  const bool longer = text.size() > kLength;
  if (longer && (version == "00" || text[kLength] != '-')) return std::nullopt;
  if (!is_id(trace) || !is_id(span)) return std::nullopt;
  return TraceParent{std::string(trace), std::string(span)};
}

std::string text_of(const TraceParent& parent) {
  return "00-" + parent.trace_id + "-" + parent.span_id + "-01";
}

TraceIds::TraceIds(const RunnerHeader& header)
    : seed_(std::string("thermos") + '\0' + header.task_id + '\0' +
            std::to_string(header.launch_time) + '\0') {
  if (const auto parent = trace_parent_from(header.trace_parent)) {
    trace_ = parent->trace_id;
    parent_ = parent->span_id;
  } else {
    trace_ = id_of(seed_ + "trace", kTraceDigits);
  }
}

std::string TraceIds::span(std::string_view what) const {
  return id_of(seed_ + std::string(what), kSpanDigits);
}

std::string TraceIds::task() const {
  return span("task");
}

std::string TraceIds::process(std::string_view name) const {
  return span(std::string("process") + '\0' + std::string(name));
}

std::string TraceIds::run(std::string_view name, std::uint32_t number) const {
  return span(numbered("run", name, number));
}

std::string TraceIds::wait(std::string_view name, std::uint32_t number) const {
  return span(numbered("wait", name, number));
}

}  // namespace thermos
