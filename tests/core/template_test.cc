#include "core/template.h"

#include <gtest/gtest.h>

namespace thermos {
namespace {

// "name@begin-end" of every reference, escapes as '&'.
std::string found(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (const auto reference = find_reference(text, at)) {
    out += std::string(reference->escapes, '&') + std::string(reference->name) + "@" +
           std::to_string(reference->begin) + "-" + std::to_string(reference->end) + " ";
    at = reference->end;
  }
  return out;
}

TEST(Template, FindsReferences) {
  EXPECT_EQ(found("{{a}}"), "a@0-5 ");
  EXPECT_EQ(found("x {{a.b-c_9[0].d}} {{_z}}"), "a.b-c_9[0].d@2-18 _z@19-25 ");
  EXPECT_EQ(found("{{thermos.ports[http]}}"), "thermos.ports[http]@0-23 ");
  EXPECT_EQ(found("{{&a}}{{&&b}}"), "&a@0-6 &&b@6-13 ");
  EXPECT_EQ(found("{{{a}}}"), "a@1-6 ");
  EXPECT_EQ(found("{{{{a}}}}"), "a@2-7 ");
  EXPECT_EQ(found("{{x{{a}}"), "a@3-8 ");
}

TEST(Template, LeavesOtherBracesAlone) {
  for (const char* text :
       {"", "{", "{{", "{{}}", "{{ a }}", "{{a b}}", "{{a}", "{{a", "{{1}}", "{{.Names}}", "{{&}}",
        "{{a&}}", "${x}", "{a}", "}}{{", "{{$x}}", "{{é}}", "{{#a}}", "{ {a}}"}) {
    EXPECT_EQ(found(text), "") << text;
    EXPECT_EQ(escape_references(text), text);
  }
}

TEST(Template, Escapes) {
  EXPECT_EQ(escape_references("{{x}}"), "{{&x}}");
  EXPECT_EQ(escape_references("{{&x}} {{&&y}}"), "{{&&x}} {{&&&y}}");
  EXPECT_EQ(escape_references("a {{{x}}} b {{ c"), "a {{{&x}}} b {{ c");
}

}  // namespace
}  // namespace thermos
