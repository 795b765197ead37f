// Builds the tree of a YAML text from its parser's events.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include "core/config/document.h"
#include "core/config/yaml_anchors.h"
#include "core/config/yaml_errors.h"

namespace thermos::config {

// Takes the events of one whole text. All functions but documents() may throw YamlRefusal.
class YamlTree : public YAML::EventHandler {
 public:
  // `text` and `document` outlive this. `document` owns the keys.
  YamlTree(std::string_view text, Document& document)
      : text_(text), places_(text), document_(document) {}

  // Throws if the last scalar's quote is not closed. Call this at the end of the text.
  void check_last_quote() const;
  // Returns the roots of all documents that hold something.
  std::vector<Value>& documents() { return documents_; }

  // NOLINTBEGIN(readability-identifier-naming)
  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;
  // NOLINTEND(readability-identifier-naming)

 private:
  // A list or an object whose end has not come yet.
  struct Open {
    Value value;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  // the key of an object's next member was read; its value comes next
    bool merging = false;  // this key is "<<", so that the value is merged
    std::string_view key;
    Position key_at;
    std::vector<Value> merged;
  };

  Position position(const YAML::Mark& mark) const { return places_.of(mark); }
  static bool is_object(const Open& open) {
    return std::holds_alternative<Object>(open.value.data);
  }
  bool expects_key() const;
  void take_key(const std::string& text, Position at, YAML::anchor_t anchor, bool plain);
  Value tagged(Position at, const std::string& tag, const std::string& text) const;
  void add(Value value, Position at, YAML::anchor_t anchor, bool plain);
  void open(Value value, const YAML::Mark& mark, const std::string& tag, std::string_view kind,
            YAML::anchor_t anchor);
  void close();
  // Adds a complete value to the innermost open list or object, or to the documents.
  void put(Value value);
  void take_merged(Open& around, Value value);
  // Adds the merged members at the end of an object. The object's own members win over merged ones,
  // and an earlier merged object wins over a later one.
  void merge();

  // The path of the innermost open value, and that of the next value in it.
  std::string path() const { return path_of(open_.empty() ? 0 : open_.size() - 1); }
  std::string inner_path() const;
  std::string path_of(std::size_t steps) const;

  [[noreturn]] void refuse_key(Position at) const;
  [[noreturn]] static void refuse_depth(Position at);
  [[noreturn]] void refuse_leading_zero(Position at, const std::string& text) const;
  [[noreturn]] void refuse_tag(Position at, std::string tag) const;

  std::string_view text_;
  mutable YamlPlaces places_;  // remembers the last place, which makes the next answer quick
  Document& document_;
  std::vector<Value> documents_;
  std::vector<Open> open_;
  YamlAnchors anchors_;
  YAML::Mark last_scalar_ = YAML::Mark::null_mark();
  std::optional<std::size_t> begun_at_;  // where the last document begins
};

}  // namespace thermos::config
