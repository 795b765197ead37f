// References that are none.
#include "reactor/configuration/odd_references.h"

#include <gtest/gtest.h>

namespace thermos {
namespace {

std::string only(std::string_view text) {
  const std::vector<OddReference> found = odd_references(text);
  if (found.empty()) return "";
  return std::to_string(found[0].line) + " " + found[0].text + " " + found[0].meant;
}

TEST(OddReferences, AreThoseWithSpacesAndThoseThatDoNotEnd) {
  EXPECT_EQ(only("{\n\"a\": \"echo {{ foo }} x\"}"), "2 {{ foo }} {{foo}}");
  EXPECT_EQ(only("a: echo {{foo }}"), "1 {{foo }} {{foo}}");
  EXPECT_EQ(only("a: 'echo {{foo'\nb: c"), "1 {{foo {{foo}}");
  EXPECT_EQ(only("\"echo {{thermos.ports[web]\""), "1 {{thermos.ports[web] {{thermos.ports[web]}}");
}

TEST(OddReferences, AreNotReferencesNorOtherBraces) {
  for (const char* text : {"echo {{foo}}", "echo {{&foo}}", "awk '{{ print $1 }}'", "{{foo bar}}",
                           "{{", "{{ }}", "f() {{ echo x; }}", "{{foo+1}}", "${{x}"}) {
    EXPECT_EQ(only(text), "") << text;
  }
}

}  // namespace
}  // namespace thermos
