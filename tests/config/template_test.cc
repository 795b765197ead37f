#include "core/config/reference_syntax.h"

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
  EXPECT_EQ(found("{{{{a}}}}"), "{{a}}@0-9 ");
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

TEST(Template, NamesMayHoldReferences) {
  EXPECT_EQ(found("{{host{{number}}}} x"), "host{{number}}@0-18 ");
  EXPECT_EQ(found("{{a[{{b.{{c}}}}].d}}"), "a[{{b.{{c}}}}].d@0-20 ");
  EXPECT_EQ(found("{{&a{{b}}}}"), "&a{{b}}@0-11 ");
  EXPECT_EQ(found("{{a{{&b}}}}"), "&b@3-9 ");  // an escaped one is none
  EXPECT_EQ(found("{{a{{b}}"), "b@3-8 ");
  EXPECT_FALSE(find_reference("{{a}}", 0)->nested);
  EXPECT_TRUE(find_reference("{{a{{b}}}}", 0)->nested);
  // Too deep, and not closed, in a time that does not grow faster than the text.
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{{a";
  EXPECT_EQ(found(deep), "");
  for (int i = 0; i < 100000; ++i) deep += "}}";
  EXPECT_FALSE(found(deep).empty());
}

TEST(Template, Escapes) {
  EXPECT_EQ(escape_references("{{a{{b}}}}"), "{{&a{{b}}}}");
  EXPECT_EQ(escape_references("{{x}}"), "{{&x}}");
  EXPECT_EQ(escape_references("{{&x}} {{&&y}}"), "{{&&x}} {{&&&y}}");
  EXPECT_EQ(escape_references("a {{{x}}} b {{ c"), "a {{{&x}}} b {{ c");
}

}  // namespace
}  // namespace thermos
