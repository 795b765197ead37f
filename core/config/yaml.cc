#include "core/config/yaml.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "core/config/yaml_checks.h"
#include "core/config/yaml_errors.h"
#include "core/config/yaml_refusal.h"
#include "core/config/yaml_tree.h"

namespace thermos::config {
namespace {

Error refused(std::string_view where, const YamlRefusal& refusal) {
  return {ErrorCode::BadConfig, place_text(where, refusal.at, refusal.path) + refusal.what};
}

}  // namespace

Result<Document> parse_yaml(std::string_view text, std::string_view where) {
  if (const auto refusal = check_yaml_bytes(text)) return refused(where, *refusal);
  Document document;
  YamlTree tree(text, document);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(tree)) {
    }
    tree.check_last_quote();
  } catch (const YamlRefusal& refusal) {
    return refused(where, refusal);
  } catch (const YAML::DeepRecursion& deep) {
    return refused(where, {yaml_position(text, deep.mark), "",
                           "nested deeper than " + std::to_string(kMaxDepth) + " levels"});
  } catch (const YAML::Exception& exception) {
    return refused(where,
                   {yaml_position(text, exception.mark), "",
                    "not valid YAML: " + explain_yaml_error(exception.msg, text, exception.mark)});
  }
  std::vector<Value>& found = tree.documents();
  if (found.empty()) {
    return Error{ErrorCode::BadConfig, std::string(where) + ": is empty: a task is an object"};
  }
  if (found.size() == 1) {
    document.root = std::move(found.front());
  } else {
    const Position first = found.front().position();
    document.root = Value{std::move(found), first.line, first.column};
  }
  return document;
}

}  // namespace thermos::config
