// Hostile texts, as engines' files carry them: each is read back as it was by whoever reads such a
// file, or, where Debian has no such reader, by what its documentation says.
#include "reactor/export/quoting.h"

#include <yaml-cpp/yaml.h>

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/utf8.h"
#include "program.h"

namespace thermos {
namespace {

using testing::Finished;
using testing::run_program;

// All that means something in one of the languages, put together at random; always UTF-8.
std::vector<std::string> hostile_texts() {
  const std::vector<std::string> parts = {
      "a",  " ",    "'",  "\"",   "\\",     "\n",     "\t",  "$",   "${",  "$(",  "`",    "%",
      "%{", "}",    ")",  "#",    ": ",     "- ",     "|",   ">",   "&",   "*",   "!",    "{{",
      "}}", ";",    "\r", "\x1b", "\u0085", "é",      "😀",   "END", "yes", "~",   "null", "0x1",
      "@",  "\x7f", "?",  "[",    ",",      "\u2028", "---", "...", "=",   "\\n", "%h"};
  std::vector<std::string> texts = {"",         "-",  "true",       "1e3",   "no",      "\n",
                                    "\n\n",     " x", "x ",         "x\n\n", "a\n b\n", "  a\nb",
                                    "a\n\nb\n", "~",  "2026-01-01", "\t\n"};
  std::mt19937 random(11);
  for (int i = 0; i < 1500; ++i) {
    std::string text;
    for (std::size_t n = random() % 9; n > 0; --n) text += parts[random() % parts.size()];
    texts.push_back(text);
  }
  return texts;
}

TEST(ExportWords, BashReadsThemBack) {
  std::string script;
  std::string expected;
  for (std::string text : hostile_texts()) {
    text += "\xff";  // a shell's words may hold any byte but NUL
    script += "printf '%s\\0' " + shell_word(text) + "\n";
    expected += text + '\0';
  }
  const Finished read = run_program({{"/bin/bash"}, {}, {}, script});
  EXPECT_EQ(read.status, 0) << read.err;
  EXPECT_TRUE(read.out == expected);
}

TEST(ExportWords, YamlReadsThemBack) {
  for (const std::string& text : hostile_texts()) {
    ASSERT_TRUE(is_utf8(text));
    const std::string document = "top:\n  block: " + yaml_block(text, 2) + "  list:\n    - " +
                                 yaml_text(text) + "\n  last: 1\n";
    try {
      const YAML::Node node = YAML::Load(document)["top"];
      EXPECT_EQ(node["list"][0].as<std::string>(), text) << document;
      EXPECT_EQ(node["block"].as<std::string>(), text) << document;
      EXPECT_EQ(node["last"].as<int>(), 1) << document;
    } catch (const YAML::Exception& failure) {
      ADD_FAILURE() << failure.what() << "\n" << document;
    }
  }
}

TEST(ExportWords, YamlTakesNoneForANumberOrATruth) {
  for (const char* text : {"1", "1.5", "0o7", "true", "No", "on", "y", "null", "~", ".inf", "1e3",
                           "2026-01-01", "1:20", "", "-"}) {
    EXPECT_EQ(yaml_text(text).front(), '"') << text;
  }
  EXPECT_EQ(yaml_text("nightly"), "nightly");
  EXPECT_EQ(yaml_text("/var/lib"), "/var/lib");
}

TEST(ExportWords, ABlockKeepsItsLines) {
  EXPECT_EQ(yaml_block("a: |\n  b\n\nc: 1\n", 2), "|2\n    a: |\n      b\n\n    c: 1\n");
}

// k8s.io/kubernetes/third_party/forked/golang/expansion: "$$" is "$", $(NAME) is a variable.
std::string expanded(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '$' && text.substr(at + 1, 1) == "$")
      ++at;
    else if (text[at] == '$' && text.substr(at + 1, 1) == "(")
      return "expanded";
    out += text[at];
  }
  return out;
}

TEST(ExportWords, KubernetesExpandsNothingInThem) {
  for (const std::string& text : hostile_texts()) {
    EXPECT_EQ(expanded(YAML::Load(kubernetes_argument(text)).as<std::string>()), text);
  }
}

// A template of HCL as its specification says, with the escapes of a string or without. Fails for
// an interpolation.
std::string read_template(std::string_view text, bool escapes) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if ((c == '$' || c == '%') && text.substr(at + 1, 1) == std::string(1, c) &&
        text.substr(at + 2, 1) == "{") {
      out += {c, '{'};
      at += 2;
    } else if ((c == '$' || c == '%') && text.substr(at + 1, 1) == "{") {
      return "an interpolation";
    } else if (escapes && c == '\\') {
      const char kind = text[++at];
      if (kind == 'u' || kind == 'U') {
        const std::size_t digits = kind == 'u' ? 4 : 8;
        const auto code = static_cast<char32_t>(
            std::stoul(std::string(text.substr(at + 1, digits)), nullptr, 16));
        std::string yaml = "\"\\U00000000\"";
        yaml.replace(3, 8, 8 - digits, '0').insert(3 + 8 - digits, text.substr(at + 1, digits));
        out += YAML::Load(yaml).as<std::string>();
        EXPECT_NE(code, 0U);
        at += digits;
      } else {
        out += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
      }
    } else if (escapes && (c == '\n' || c == '"')) {
      return "a bare line end or quote";
    } else {
      out += c;
    }
  }
  return out;
}

TEST(ExportWords, HclReadsThemBack) {
  for (const std::string& text : hostile_texts()) {
    const std::string string = hcl_text(text);
    EXPECT_EQ(read_template(std::string_view(string).substr(1, string.size() - 2), true), text)
        << string;
    std::string heredoc = hcl_heredoc(text);
    if (!heredoc.starts_with("<<")) {
      EXPECT_EQ(heredoc, string + "\n");
      continue;
    }
    const std::size_t line = heredoc.find('\n');
    const std::string end = heredoc.substr(2, line - 2);
    EXPECT_EQ(heredoc.find(end, line), heredoc.size() - end.size() - 1) << heredoc;
    EXPECT_EQ(read_template(std::string_view(heredoc).substr(
                                line + 1, heredoc.size() - end.size() - 2 - line),
                            false),
              text)
        << heredoc;
  }
}

// systemd's own parser: it prints a program's name that it does not like as it read it, after
// specifiers were replaced and before variables are. Behind a "-" it goes on with the next.
TEST(ExportWords, SystemdReadsThemBack) {
  const testing::TempDir scratch;
  const auto doubled = [](const std::string& text) {
    std::string out;
    for (const char c : text) out.append(c == '$' ? 2 : 1, c);
    return out;
  };
  std::string unit = "[Service]\nType=oneshot\n";
  std::vector<std::string> expected;
  for (const std::string& text : hostile_texts()) {
    if (expected.size() == 300) break;
    const std::string word = "/\"" + text + ".";
    // Only a path without them is printed as one line.
    if (text.find_first_of("\n\r") != std::string::npos) continue;
    unit += "ExecStart=-" + systemd_word(word) + "\n";
    expected.push_back("Executable name contains special characters, ignoring: " + doubled(word) +
                       "\n");
  }
  testing::write_text(scratch / "words.service", unit);
  const Finished read = run_program({{"systemd-analyze", "verify", scratch / "words.service"}});
  if (read.status == 127) GTEST_SKIP() << "no systemd-analyze";
  std::size_t at = 0;
  for (const std::string& line : expected) {
    const std::size_t found = read.err.find(line, at);
    ASSERT_NE(found, std::string::npos) << line << "\nafter:\n" << read.err.substr(at, 500);
    at = found + line.size();
  }
}

TEST(ExportWords, NamesAreWhatEveryEngineTakes) {
  EXPECT_EQ(plain_name("Nightly run_2", "-", true, 52), "nightly-run-2");
  EXPECT_EQ(plain_name("$(x)", "_.-", false, 52), "x");
  EXPECT_EQ(plain_name("é😀", "-", true, 52), "task");
  EXPECT_EQ(plain_name("--a--", "-", true, 52), "a");
  EXPECT_EQ(plain_name(std::string(100, 'x') + "-", "-", true, 5), "xxxxx");
  EXPECT_EQ(plain_name("abc-def", "-", true, 4), "abc");
}

TEST(ExportWords, ValuesAreNotLookedInto) {
  EXPECT_EQ(filled("@A@@B@ x@y @C@", {{"A", "@B@"}, {"B", "b"}}), "@B@b x@y @C@");
}

}  // namespace
}  // namespace thermos
