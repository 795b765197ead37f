// What is refused in YAML, and the one line that says so. What the schema refuses in any format is
// in malformed_test.cc.
#include <gtest/gtest.h>

#include <string>

#include "core/config/load.h"
#include "keys.h"
#include "refusal.h"

namespace thermos::config {
namespace {

class MalformedYaml : public testing::TestWithParam<Refusal> {};

TEST_P(MalformedYaml, IsRefusedInOneLine) {
  const auto loaded = load(GetParam().text, "f", "", {});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::BadConfig);
  EXPECT_EQ(loaded.error().message, "f:" + GetParam().message);
}

const Refusal kBytes[] = {
    {"Nothing", "", " is empty: a task is an object"},
    {"OnlyAComment", "# nothing\n", " is empty: a task is an object"},
    {"OnlyMarkers", "---\n---\n", " is empty: a task is an object"},
    {"OldMacLines", "processes:\r- name: a\r  cmdline: x\r",
     "1:11: not valid YAML: a carriage return that no newline follows"},
    {"ControlCharacter", "name: a\001\n",
     "1:8: not valid YAML: a control character, '\\x01': in double quotes write it as \\x.."},
    {"NulByte", std::string("name: a\000b\n", 10),
     "1:8: not valid YAML: a control character, '\\x00': in double quotes write it as \\x.."},
    {"Delete", "name: \177\n",
     "1:7: not valid YAML: a control character, '\\x7f': in double quotes write it as \\x.."},
    {"Latin1", "name: caf\351\nprocesses: []\n", "1:10: not valid YAML: a byte that is no UTF-8"},
    {"Utf16", std::string("\377\376n\000a\000m\000e\000:\000 \000a\000", 16),
     "1:1: not valid YAML: this is UTF-16: write it as UTF-8"},
    {"WindowsLines", "processes:\r\n- name: a\r\n  cmdline: x\r\n  daemon: yes\r\n",
     "4:11: processes[0].daemon: must be true or false, not a string: 'yes' is no boolean in YAML "
     "1.2"},
    {"ColumnsCountCharacters", "processes:\n- name: '\303\251'\n  cmdlin: x\n",
     "3:11: processes[0]: unknown key 'cmdlin', did you mean 'cmdline'?"},
    {"ColumnsOfTheSameLine", "processes:\n- {name: '\303\251', cmdline: x, foo: 1}\n",
     "2:32: processes[0]: unknown key 'foo': a process has " + process_keys()},
    {"JsonComment", "// x\n{\"processes\": []}",
     "1: not valid YAML: a comment begins with '#' there, and JSON has none"},
    {"AlmostJson", "{\"processes\": [{\"name\": \"a\" \"cmdline\": \"x\"}]}",
     "1:37: not valid JSON: syntax error while parsing object - unexpected string literal; "
     "expected '}'"},
};

const Refusal kLayout[] = {
    {"TabBeforeItem", "processes:\n\t- name: a\n",
     "2:2: not valid YAML: a tab indents this line: YAML takes spaces alone"},
    {"TabBeforeKey", "processes:\n- name: a\n\tcmdline: x\n",
     "3:1: not valid YAML: a tab indents this line: YAML takes spaces alone"},
    {"TabBehindAnEmptyLine", "processes:\n- name: a\n  cmdline: x\n\n\tuser: joe\n",
     "5:1: not valid YAML: a tab indents this line: YAML takes spaces alone"},
    {"TabBeforeABlock", "processes:\n- name: a\n  cmdline: |\n\techo\n",
     "4:1: not valid YAML: a tab indents this line: YAML takes spaces alone"},
    {"IndentedLess", "processes:\n- name: a\n cmdline: x\n",
     "3:2: not valid YAML: this is no '- item' of the list above: check the indentation, and the "
     "'- '"},
    {"IndentedMore", "processes:\n- name: a\n    cmdline: x\n",
     "3:12: not valid YAML: a ': ' can't stand here: the text needs quotes, the indentation is "
     "wrong, or the line above lacks its ': '"},
    {"KeyIndented", "name: n\n  processes:\n",
     "2:12: not valid YAML: a ': ' can't stand here: the text needs quotes, the indentation is "
     "wrong, or the line above lacks its ': '"},
    {"KeyIndentedByOne", "name: n\n processes: []\n",
     "2:11: not valid YAML: a ': ' can't stand here: the text needs quotes, the indentation is "
     "wrong, or the line above lacks its ': '"},
    {"NoBlankBehindTheDash", "processes:\n-name: a\n",
     "2:8: unknown key '-name', did you mean 'name'?"},
    {"ItemOnTheKeysLine", "processes: - name: a\n",
     "1:12: not valid YAML: a '- ' can't stand here: the list begins on a line of its own, or the "
     "text needs quotes"},
    {"NoColon", "name: n\nprocesses\n- name: a\n",
     "3:7: not valid YAML: a ': ' can't stand here: the text needs quotes, the indentation is "
     "wrong, or the line above lacks its ': '"},
    {"NoBlankBehindTheColon", "name:n\nprocesses: []\n",
     "2:10: not valid YAML: a ': ' can't stand here: the text needs quotes, the indentation is "
     "wrong, or the line above lacks its ': '"},
    {"BlockWithText", "processes:\n- name: a\n  cmdline: |x\n    echo\n",
     "3:13: not valid YAML: behind '|' or '>' only +, - and a digit can stand: the text begins on "
     "the next line"},
    {"BlockNotIndented", "processes:\n- name: a\n  cmdline: |\n  echo\n",
     "4:3: processes[0]: unknown key 'echo': a process has " + process_keys()},
    {"BehindAnObject", "{name: a, processes: []} x\n",
     "1:26: not valid YAML: wrong indentation: this line belongs to no key above (another task "
     "begins behind a line '---')"},
    {"CommaBehindAnEnd", "name: a\n...\n,\n",
     "3:1: not valid YAML: wrong indentation: this line belongs to no key above (another task "
     "begins behind a line '---')"},
    {"BehindAList", "[]\nfoo\n",
     "2:2: not valid JSON: syntax error while parsing value - invalid literal; expected end of "
     "input"},
    {"DeepBrackets", std::string(300, '['), "1: nested deeper than 100 levels"},
    {"DeepItems",
     [] {
       std::string text;
       for (int i = 0; i < 200; ++i) text += "- ";
       return text;
     }(),
     "1:201: nested deeper than 100 levels"},
    {"AnotherYaml", "%YAML 9.9\n---\nprocesses:\n- name: a\n  cmdline: x\n",
     "1:1: not valid YAML: YAML major version too large"},
    {"DirectiveWithoutVersion", "%YAML\n---\nprocesses:\n- name: a\n  cmdline: x\n",
     "1:1: not valid YAML: YAML directives must have exactly one argument"},
};

const Refusal kQuotes[] = {
    {"ColonInText", "processes:\n- name: a\n  cmdline: echo a: b\n",
     "3:18: not valid YAML: a ': ' can't stand here: the text needs quotes, the indentation is "
     "wrong, or the line above lacks its ': '"},
    {"ReferenceUnquoted", "processes:\n- name: a\n  cmdline: {{thermos.ports[http]}} x\n",
     "3:13: processes[0].cmdline: a '{' or '[' begins no key: a text that begins with it needs "
     "quotes, an object or a list its end"},
    {"ReferenceAlone", "processes:\n- name: a\n  cmdline: {{x}}\n",
     "3:13: processes[0].cmdline: a '{' or '[' begins no key: a text that begins with it needs "
     "quotes, an object or a list its end"},
    {"BracketInText", "processes:\n- name: a\n  cmdline: [ -f x ] && y\n",
     "3:21: not valid YAML: nothing can stand here, behind a quote or a bracket that is closed: "
     "put the whole text in quotes"},
    {"StarAlone", "processes:\n- name: a\n  cmdline: * x\n",
     "3:13: not valid YAML: a text that begins with '*' needs quotes: it names an alias"},
    {"StarInText", "processes:\n- name: a\n  cmdline: *.txt\n",
     "3:12: not valid YAML: '*.txt' names nothing: there is no & of that name before it (a text "
     "that begins with '*' needs quotes)"},
    {"AtSign", "processes:\n- name: a\n  cmdline: @x\n",
     "3:12: not valid YAML: no text can begin with this character: put it in quotes"},
    {"Backtick", "processes:\n- name: a\n  cmdline: `x`\n",
     "3:12: not valid YAML: no text can begin with this character: put it in quotes"},
    {"Percent", "processes:\n- name: a\n  cmdline: %x\n",
     "3:12: not valid YAML: no text can begin with this character: put it in quotes"},
    {"UnknownTag", "processes:\n- name: a\n  cmdline: !x y\n",
     "3:12: processes[0].cmdline: the tag '!x' means nothing here: leave it out"},
    {"OpenDoubleQuote", "processes:\n- name: a\n  cmdline: \"x\n",
     "3:12: not valid YAML: a quote is not closed"},
    {"OpenSingleQuote", "processes:\n- name: a\n  cmdline: 'x\n",
     "3:12: not valid YAML: a quote is not closed"},
    {"BehindAQuote", "processes:\n- name: a\n  cmdline: \"x\" y\n",
     "3:16: not valid YAML: nothing can stand here, behind a quote or a bracket that is closed: "
     "put the whole text in quotes"},
    {"UnknownEscape", "processes:\n- name: a\n  cmdline: \"\\d+\"\n",
     "3:15: not valid YAML: in double quotes \\d means nothing: write \\\\d, or use single quotes"},
    {"BadHexEscape", "processes:\n- name: a\n  cmdline: \"\\xzz\"\n",
     "3:17: not valid YAML: \\x, \\u and \\U need 2, 4 and 8 hexadecimal digits"},
    {"SurrogateEscape", "processes:\n- name: a\n  cmdline: \"\\ud800\"\n",
     "3:19: not valid YAML: \\u or \\U with a number that is no character"},
    {"OpenBrackets", "{name: a, processes: [\n",
     "1:1: a '{' or '[' begins no key: a text that begins with it needs quotes, an object or a "
     "list its end"},
    {"OpenBrace", "name: {a\n",
     "2:1: not valid YAML: a '{' is not closed by '}', or a ',' is missing (a text that begins "
     "with '{' needs quotes)"},
    {"StrayBracket", "name: ]\n",
     "1:7: not valid YAML: a '}' or ']' that closes nothing: a text that begins with it needs "
     "quotes"},
    {"AnchorWithoutName", "processes:\n- &\n",
     "2:4: not valid YAML: a text that begins with '&' needs quotes: it names an anchor"},
    {"OnlyAnAnchor", "processes:\n- name: a\n  cmdline: &foo\n",
     "3:3: processes[0].cmdline: must be a string, not null: nothing is written here"},
    {"CommandIsAComment", "processes:\n- name: a\n  cmdline: #b\n",
     "3:3: processes[0].cmdline: must be a string, not null: nothing is written here"},
};

const Refusal kKeys[] = {
    {"KeyTwice", "processes:\n- name: a\n  name: b\n  cmdline: x\n",
     "3:9: processes[0]: key 'name' is given twice"},
    {"TaskKeyTwice", "processes:\n- name: a\n  cmdline: x\nuser: a\nuser: b\n",
     "5:7: key 'user' is given twice"},
    {"UnknownAlias", "processes:\n- *x\n",
     "2:3: not valid YAML: '*x' names nothing: there is no & of that name before it (a text that "
     "begins with '*' needs quotes)"},
    {"AliasInItself", "processes: &a\n- *a\n",
     "2:3: processes[0]: an alias stands inside what it names"},
    {"MergesANumber", "processes:\n- <<: 3\n  name: b\n  cmdline: y\n",
     "2:3: processes[0]: '<<' merges an object or a list of objects, not a number"},
    {"MergesAListOfNumbers", "processes:\n- <<: [1]\n  name: b\n  cmdline: y\n",
     "2:3: processes[0]: '<<' merges an object or a list of objects, not a list"},
    {"MergesTwice", "processes:\n- &a\n  name: a\n  cmdline: x\n- <<: *a\n  <<: *a\n  name: b\n",
     "6:3: processes[1]: key '<<' is given twice: give it a list"},
    {"KeyIsList", "? [a]\n: b\n",
     "1:3: a '{' or '[' begins no key: a text that begins with it needs quotes, an object or a "
     "list its end"},
    {"KeyIsObject", "{a: b}: c\n",
     "1:1: a '{' or '[' begins no key: a text that begins with it needs quotes, an object or a "
     "list its end"},
    {"NoKey", ": x\n",
     "1:1: a '{' or '[' begins no key: a text that begins with it needs quotes, an object or a "
     "list its end"},
    {"KeyIsNumber", "1: x\n", "1:4: unknown key '1': a task has " + task_keys()},
    {"AliasesThatDouble",
     [] {
       std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
       for (int i = 1; i < 12; ++i) {
         const std::string below = "*a" + std::to_string(i - 1);
         const std::string name = "a" + std::to_string(i);
         text += name + ": &" + name + " [";
         for (int j = 0; j < 10; ++j) text += (j == 0 ? "" : ",") + below;
         text += "]\n";
       }
       return text;
     }(),
     "7:18: a6[2]: the aliases stand for more than 4000000 values or 256 MiB in all"},
};

const Refusal kYamlValues[] = {
    {"Yes", "processes:\n- name: a\n  cmdline: x\n  daemon: yes\n",
     "4:11: processes[0].daemon: must be true or false, not a string: 'yes' is no boolean in YAML "
     "1.2"},
    {"On", "processes:\n- name: a\n  cmdline: x\n  daemon: on\n",
     "4:11: processes[0].daemon: must be true or false, not a string: 'on' is no boolean in YAML "
     "1.2"},
    {"No", "processes:\n- name: a\n  cmdline: x\n  final: No\n",
     "4:10: processes[0].final: must be true or false, not a string: 'No' is no boolean in YAML "
     "1.2"},
    {"Octal", "processes:\n- name: a\n  cmdline: x\n  max_failures: 010\n",
     "4:17: processes[0].max_failures: '010': no number may begin with 0, which made it octal "
     "once: leave the 0 out, or write a text in quotes"},
    {"OctalName", "processes:\n- name: 007\n  cmdline: x\n",
     "2:9: processes[0].name: '007': no number may begin with 0, which made it octal once: leave "
     "the 0 out, or write a text in quotes"},
    {"Sexagesimal", "processes:\n- name: a\n  cmdline: x\n  min_duration: 1:30\n",
     "4:17: processes[0].min_duration: must be a number, not a string: '1:30' is no number in YAML "
     "1.2; or a time as '20m' or '1h30m'"},
    {"Underscore", "processes:\n- name: a\n  cmdline: x\nmax_failures: 1_000\n",
     "4:15: max_failures: must be a number, not a string: '1_000' is no number in YAML 1.2"},
    {"Unit", "processes:\n- name: a\n  cmdline: x\n  min_duration: 30sec\n",
     "4:17: processes[0].min_duration: must be a number, not a string; or a time as '20m' or "
     "'1h30m'"},
    {"Infinity", "processes:\n- name: a\n  cmdline: x\nmax_failures: .inf\n",
     "4:15: max_failures: inf is out of range: 0 to 4294967295"},
    {"NotANumber", "processes:\n- name: a\n  cmdline: x\nfinalization_wait: .nan\n",
     "4:20: finalization_wait: nan is out of range: 0 to 1000000000 seconds"},
    {"Negative", "processes:\n- name: a\n  cmdline: x\nmax_failures: -1\n",
     "4:15: max_failures: -1 is out of range: 0 to 4294967295"},
    {"BeyondAnyInteger",
     "processes:\n- name: a\n  cmdline: x\nmax_failures: 99999999999999999999\n",
     "4:15: max_failures: 1e+20 is out of range: 0 to 4294967295"},
    {"NameIsNumber", "processes:\n- name: 1\n  cmdline: x\n",
     "2:9: processes[0].name: must be a string, not a number: put it in quotes"},
    {"NameIsBoolean", "processes:\n- name: true\n  cmdline: x\n",
     "2:9: processes[0].name: must be a string, not true or false: put it in quotes"},
    {"NameIsMissing", "processes:\n- name:\n  cmdline: x\n",
     "2:3: processes[0].name: must be a string, not null: nothing is written here"},
    {"NameIsTilde", "processes:\n- name: ~\n  cmdline: x\n",
     "2:3: processes[0].name: must be a string, not null: nothing is written here"},
    {"NameIsAVersion", "processes:\n- name: 1.10\n  cmdline: x\n",
     "2:9: processes[0].name: must be a string, not a number: put it in quotes"},
    {"TagOnAName", "processes:\n- name: !env FOO\n  cmdline: x\n",
     "2:9: processes[0].name: the tag '!env' means nothing here: leave it out"},
    {"TagThatLies", "processes:\n- name: a\n  cmdline: x\nmax_failures: !!int x\n",
     "4:15: max_failures: 'x' is no !!int"},
    {"TagOfAnotherKind", "processes: !!map []\n",
     "1:12: processes: the tag '!!map' means nothing here: leave it out"},
    {"ASet", "!!set {a, b}\n", "1:1: the tag '!!set' means nothing here: leave it out"},
    {"AScalar", "hello\n",
     "1:1: a configuration is a task (an object) or a list of tasks, not a string"},
    {"AWord", "processes\n",
     "1:1: a configuration is a task (an object) or a list of tasks, not a string"},
    {"ANumber", "3\n",
     "1:1: a configuration is a task (an object) or a list of tasks, not a number"},
    {"OrderIsAText", "processes:\n- name: a\n  cmdline: x\nconstraints:\n- order: a, b\n",
     "5:10: constraints[0].order: must be a list, not a string"},
    {"ConstraintIsAList", "processes:\n- name: a\n  cmdline: x\nconstraints:\n- [a]\n",
     "5:3: constraints[0]: a constraint is an object, not a list"},
    {"ConstraintsIsAnObject", "processes:\n- name: a\n  cmdline: x\nconstraints:\n  order: [a]\n",
     "5:3: constraints: must be a list, not an object"},
    {"UnboundNumber", "processes:\n- name: a\n  cmdline: x\n  max_failures: '{{x}}'\n",
     "4:17: processes[0].max_failures: {{x}} is not bound: give -E x=VALUE"},
    {"BoundToNoBoolean", "processes:\n- name: a\n  cmdline: x\n  daemon: '{{name}}'\n",
     "4:11: processes[0].daemon: becomes 'a': must be true or false, not a string"},
    {"NumberInACircle", "processes:\n- name: a\n  cmdline: x\n  max_failures: '{{max_failures}}'\n",
     "4:17: processes[0].max_failures: endless reference: processes[0].max_failures -> "
     "processes[0].max_failures"},
    {"NumberInQuotes",
     "processes:\n- name: a\n  cmdline: x {{max_failures}} {{resources.ram}}\n  max_failures: "
     "'{{max_concurrency}}0'\n  resources: {ram: '{{max_failures}}00'}\nmax_concurrency: 'x'\n",
     "6:18: max_concurrency: must be a number, not a string"},
};

INSTANTIATE_TEST_SUITE_P(Bytes, MalformedYaml, testing::ValuesIn(kBytes), name_of);
INSTANTIATE_TEST_SUITE_P(Layout, MalformedYaml, testing::ValuesIn(kLayout), name_of);
INSTANTIATE_TEST_SUITE_P(Quotes, MalformedYaml, testing::ValuesIn(kQuotes), name_of);
INSTANTIATE_TEST_SUITE_P(Keys, MalformedYaml, testing::ValuesIn(kKeys), name_of);
INSTANTIATE_TEST_SUITE_P(Values, MalformedYaml, testing::ValuesIn(kYamlValues), name_of);

}  // namespace
}  // namespace thermos::config
