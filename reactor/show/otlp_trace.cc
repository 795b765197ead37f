#include "reactor/show/otlp_trace.h"

#include <map>
#include <variant>
#include <vector>

#include "reactor/store/history_json.h"

namespace thermos {
namespace {

// The JSON encoding of Protocol Buffers has 64-bit integers as strings.
std::string nanoseconds(Microseconds time) {
  return time == 0 ? "0" : std::to_string(time) + "000";
}

Json value_json(const Span::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return {{"boolValue", *flag}};
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return {{"intValue", std::to_string(*number)}};
  }
  if (const auto* real = std::get_if<double>(&value)) return {{"doubleValue", *real}};
  return {{"stringValue", std::get<std::string>(value)}};
}

Json attribute(const std::string& key, const Span::Value& value) {
  return {{"key", key}, {"value", value_json(value)}};
}

constexpr int kInternal = 1;  // SpanKind
int status_code(SpanResult result) {
  return result == SpanResult::Ok ? 1 : result == SpanResult::Error ? 2 : 0;
}

// Returns the span's name. OpenTelemetry wants few different names, so the run's number is an
// attribute.
std::string name_of_span(const Span& span) {
  return span.kind == SpanKind::Task || span.kind == SpanKind::Process
             ? span.name
             : span.name + " " + std::string(name_of(span.kind));
}

Json span_json(const Trace& trace, const Span& span) {
  Json json = {{"traceId", trace.id},
               {"spanId", span.id},
               {"name", name_of_span(span)},
               {"kind", kInternal},
               {"startTimeUnixNano", nanoseconds(span.begin)},
               {"endTimeUnixNano", nanoseconds(span.end)}};
  if (!span.parent.empty()) json["parentSpanId"] = span.parent;
  Json attributes = Json::array({attribute("thermos.span", std::string(name_of(span.kind)))});
  for (const auto& [key, value] : span.attributes) attributes.push_back(attribute(key, value));
  if (span.open) attributes.push_back(attribute("thermos.open", true));
  json["attributes"] = std::move(attributes);
  for (const Span::Moment& moment : span.moments) {
    json["events"].push_back({{"timeUnixNano", nanoseconds(moment.at)}, {"name", moment.name}});
  }
  json["status"] = Json::object();
  if (span.result != SpanResult::None) json["status"]["code"] = status_code(span.result);
  if (!span.message.empty()) json["status"]["message"] = span.message;
  return json;
}

}  // namespace

std::string otlp_text(const Trace& trace, const std::string& host) {
  std::multimap<std::size_t, std::size_t> needed;  // by index of the waiting span
  for (const Arrow& arrow : trace.arrows) needed.emplace(arrow.to, arrow.from);
  // One span at a time, because a JSON tree of a large task would take many times the memory of its
  // text.
  const Json resource = {
      {"attributes",
       {attribute("service.name", std::string("thermos")),
        attribute("service.version", std::string(THERMOS_VERSION)), attribute("host.name", host)}}};
  const Json scope = {{"name", "thermos"}, {"version", THERMOS_VERSION}};
  std::string text = R"({"resourceSpans":[{"resource":)" + json_line(resource) +
                     R"(,"scopeSpans":[{"scope":)" + json_line(scope) + ",\"spans\":[";
  for (std::size_t i = 0; i < trace.spans.size(); ++i) {
    Json span = span_json(trace, trace.spans[i]);
    const auto [first, last] = needed.equal_range(i);
    for (auto link = first; link != last; ++link) {
      span["links"].push_back({{"traceId", trace.id}, {"spanId", trace.spans[link->second].id}});
    }
    text += (i == 0 ? "\n" : ",\n") + json_line(span);
  }
  return text + "\n]}]}]}\n";
}

}  // namespace thermos
