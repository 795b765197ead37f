#include "core/base/line_regex.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/text.h"

namespace thermos {
namespace {

// The longest expression. This also limits how deep repeats are nested: each level takes a
// recursive call.
constexpr std::size_t kMostBytes = 4096;
constexpr std::size_t kMostInstructions = 5000;
constexpr std::uint32_t kMostRepeats = 1000;
constexpr int kDeepest = 100;
constexpr std::uint32_t kEndless = 0xffffffff;

using Set = std::bitset<256>;

struct Node {
  enum class Kind : std::uint8_t { Bytes, Begin, End, Sequence, Choice, Repeat };
  Kind kind = Kind::Sequence;
  std::uint32_t set = 0;  // Bytes
  std::uint32_t least = 0;
  std::uint32_t most = 0;
  std::vector<Node> parts;
};

void add_range(Set& set, int first, int last) {
  for (int c = first; c <= last; ++c) set.set(static_cast<std::size_t>(c));
}

// The bytes of \d, \w or \s; nothing for another letter.
std::optional<Set> class_of(char letter) {
  Set set;
  switch (letter | 0x20) {
    case 'd':
      add_range(set, '0', '9');
      break;
    case 'w':
      add_range(set, '0', '9');
      add_range(set, 'a', 'z');
      add_range(set, 'A', 'Z');
      set.set('_');
      break;
    case 's':
      add_range(set, '\t', '\r');
      set.set(' ');
      break;
    default:
      return std::nullopt;
  }
  return (letter & 0x20) == 0 ? ~set : set;
}

}  // namespace

class PatternCompiler {
 public:
  explicit PatternCompiler(std::string_view text) : text_(text) {}

  Result<Pattern> compile() {
    if (text_.size() > kMostBytes) {
      return Error{ErrorCode::BadConfig,
                   "it is longer than " + std::to_string(kMostBytes) + " bytes"};
    }
    if (text_.starts_with("(?i)")) {
      any_case_ = true;
      at_ = 4;
    }
    const Node root = choice(0);
    if (fault_.empty() && !done()) fault_ = "there is a ) without a (";
    if (fault_.empty()) {
      emit(root);
      add(Pattern::Step::Match);
      if (too_large()) fault_ = "it is too large";
    }
    if (!fault_.empty()) return Error{ErrorCode::BadConfig, fault_};
    return std::move(pattern_);
  }

 private:
  bool done() const { return at_ == text_.size() || !fault_.empty(); }
  char peek() const { return text_[at_]; }
  bool take(char c) {
    if (done() || peek() != c) return false;
    ++at_;
    return true;
  }
  Node fail(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
    return {};
  }

  Node choice(int depth) {
    if (depth > kDeepest) return fail("its groups are too deep");
    Node node{.kind = Node::Kind::Choice, .parts = {}};
    do {
      node.parts.push_back(sequence(depth));
    } while (take('|'));
    return node;
  }

  Node sequence(int depth) {
    Node node;
    while (!done() && peek() != '|' && peek() != ')') node.parts.push_back(repeated(depth));
    return node;
  }

  Node repeated(int depth) {
    Node node = single(depth);
    while (!done()) {
      std::uint32_t least = 0;
      std::uint32_t most = kEndless;
      if (take('*')) {
      } else if (take('+')) {
        least = 1;
      } else if (take('?')) {
        most = 1;
      } else if (!counted(least, most)) {
        return node;
      }
      take('?');  // a lazy repeat: it does not change whether there is a match
      if (node.kind == Node::Kind::Begin || node.kind == Node::Kind::End) {
        return fail("^ and $ can't be repeated");
      }
      Node outer{.kind = Node::Kind::Repeat, .least = least, .most = most, .parts = {}};
      outer.parts.push_back(std::move(node));
      node = std::move(outer);
    }
    return node;
  }

  // {2}, {2,} or {2,5}
  bool counted(std::uint32_t& least, std::uint32_t& most) {
    if (!take('{')) return false;
    const auto first = number();
    std::optional<std::uint32_t> last = first;
    if (first && take(',')) last = done() || peek() == '}' ? kEndless : number();
    if (!first || !last || !take('}')) {
      fail("a { is not followed by numbers and }");
      return false;
    }
    if (*first > *last || *first > kMostRepeats || (*last > kMostRepeats && *last != kEndless)) {
      fail("the numbers in {} are too large, or in the wrong order");
      return false;
    }
    least = *first;
    most = *last;
    return true;
  }

  std::optional<std::uint32_t> number() {
    std::uint32_t value = 0;
    const std::size_t from = at_;
    while (!done() && peek() >= '0' && peek() <= '9') {
      value = std::min<std::uint32_t>(kMostRepeats + 1,
                                      value * 10 + static_cast<std::uint32_t>(peek() - '0'));
      ++at_;
    }
    return at_ == from ? std::nullopt : std::optional(value);
  }

  Node single(int depth) {
    const char c = text_[at_++];
    Set set;
    switch (c) {
      case '^':
        return {.kind = Node::Kind::Begin, .parts = {}};
      case '$':
        return {.kind = Node::Kind::End, .parts = {}};
      case '(':
        return group(depth);
      case '[':
        return bracket();
      case '.':
        return bytes(~set);
      case '*':
      case '+':
      case '?':
      case '{':
        return fail(std::string("there is nothing before ") + c + " to be repeated");
      case '\\':
        return bytes(escaped());
      default:
        set.set(static_cast<unsigned char>(c));
        return bytes(set);
    }
  }

  Node group(int depth) {
    if (take('?') && !take(':')) return fail("(? is followed by : alone, or by i) at the front");
    Node node = choice(depth + 1);
    if (!take(')')) return fail("there is a ( without a )");
    return node;
  }

  // Reads what follows a backslash.
  Set escaped() {
    Set set;
    if (done()) {
      fail("it ends in a \\");
      return set;
    }
    const char c = text_[at_++];
    if (const auto known = class_of(c)) return *known;
    if (c == 't') {
      set.set('\t');
    } else if ((*class_of('w'))[static_cast<unsigned char>(c)] && c != '_') {
      fail(std::string("\\") + c + " is not known");
    } else {
      set.set(static_cast<unsigned char>(c));
    }
    return set;
  }

  Node bracket() {
    const bool negated = take('^');
    Set set;
    bool first = true;
    while (!done() && (first || peek() != ']')) {
      first = false;
      const char from = text_[at_++];
      if (from == '\\') {
        set |= escaped();
      } else if (at_ + 1 < text_.size() && peek() == '-' && text_[at_ + 1] != ']') {
        const auto low = static_cast<unsigned char>(from);
        const auto high = static_cast<unsigned char>(text_[at_ + 1]);
        if (low > high || high == '\\') return fail("a range in [] is in the wrong order");
        add_range(set, low, high);
        at_ += 2;
      } else {
        set.set(static_cast<unsigned char>(from));
      }
    }
    if (!take(']')) return fail("there is a [ without a ]");
    if (any_case_) fold(set);
    return bytes(negated ? ~set : set);
  }

  static void fold(Set& set) {
    for (std::size_t c = 'a'; c <= 'z'; ++c) {
      const bool either = set[c] || set[c - 0x20];
      set[c] = set[c - 0x20] = either;
    }
  }

  Node bytes(Set set) {
    if (any_case_) fold(set);
    auto& all = pattern_.sets_;
    const auto same = std::find(all.begin(), all.end(), set);
    const auto index = static_cast<std::uint32_t>(same - all.begin());
    if (same == all.end()) all.push_back(set);
    return {.kind = Node::Kind::Bytes, .set = index, .parts = {}};
  }

  // ---- the program ----

  std::uint32_t add(Pattern::Step step, std::uint32_t a = 0, std::uint32_t b = 0) {
    pattern_.program_.push_back({step, a, b});
    return here() - 1;
  }
  bool too_large() const { return here() > kMostInstructions; }
  std::uint32_t here() const { return static_cast<std::uint32_t>(pattern_.program_.size()); }

  void emit(const Node& node) {
    if (too_large()) return;  // compile() says so
    switch (node.kind) {
      case Node::Kind::Bytes:
        add(Pattern::Step::Byte, node.set);
        return;
      case Node::Kind::Begin:
        add(Pattern::Step::Begin);
        return;
      case Node::Kind::End:
        add(Pattern::Step::End);
        return;
      case Node::Kind::Sequence:
        for (const Node& part : node.parts) emit(part);
        return;
      case Node::Kind::Choice:
        return emit_choice(node);
      case Node::Kind::Repeat:
        return emit_repeat(node);
    }
  }

  void emit_choice(const Node& node) {
    std::vector<std::uint32_t> jumps;
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      const bool last = i + 1 == node.parts.size();
      const std::uint32_t split = last ? 0 : add(Pattern::Step::Split, here() + 1);
      emit(node.parts[i]);
      if (last) break;
      jumps.push_back(add(Pattern::Step::Jump));
      pattern_.program_[split].b = here();
    }
    for (const std::uint32_t jump : jumps) pattern_.program_[jump].a = here();
  }

  void emit_repeat(const Node& node) {
    for (std::uint32_t i = 0; i < node.least && !too_large(); ++i) {
      const std::uint32_t before = here();
      emit(node.parts[0]);
      // A part without instructions, such as (), is the same however often it is repeated, and the
      // limit on instructions would never end this loop.
      if (here() == before) break;
    }
    if (node.most == kEndless) {
      const std::uint32_t split = add(Pattern::Step::Split, here() + 1);
      emit(node.parts[0]);
      add(Pattern::Step::Jump, split);
      pattern_.program_[split].b = here();
      return;
    }
    std::vector<std::uint32_t> splits;
    for (std::uint32_t i = node.least; i < node.most && !too_large(); ++i) {
      splits.push_back(add(Pattern::Step::Split, here() + 1));
      emit(node.parts[0]);
    }
    for (const std::uint32_t split : splits) pattern_.program_[split].b = here();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool any_case_ = false;
  std::string fault_;
  Pattern pattern_;
};

Result<Pattern> Pattern::compile(std::string_view text) {
  return PatternCompiler(text).compile();
}

void Pattern::follow(std::uint32_t from, bool begin, bool end, std::vector<bool>& reached,
                     std::vector<std::uint32_t>& bytes, bool& match) const {
  std::vector<std::uint32_t> open = {from};
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    if (reached[at]) continue;
    reached[at] = true;
    const Instruction& instruction = program_[at];
    switch (instruction.step) {
      case Step::Byte:
        bytes.push_back(at);
        break;
      case Step::Begin:
        if (begin) open.push_back(at + 1);
        break;
      case Step::End:
        if (end) open.push_back(at + 1);
        break;
      case Step::Split:
        open.push_back(instruction.b);
        open.push_back(instruction.a);
        break;
      case Step::Jump:
        open.push_back(instruction.a);
        break;
      case Step::Match:
        match = true;
        break;
    }
  }
}

bool Pattern::found_in(std::string_view line) const {
  std::vector<std::uint32_t> now;
  std::vector<std::uint32_t> next;
  std::vector<bool> reached(program_.size());
  bool match = false;
  for (std::size_t at = 0;; ++at) {
    const bool end = at == line.size();
    // A match may begin at any byte. `reached` holds the instructions that the byte before led to.
    follow(0, at == 0, end, reached, now, match);
    if (match || end) return match;
    std::fill(reached.begin(), reached.end(), false);
    next.clear();
    const auto byte = static_cast<unsigned char>(line[at]);
    for (const std::uint32_t from : now) {
      if (!sets_[program_[from].a][byte]) continue;
      follow(from + 1, false, at + 1 == line.size(), reached, next, match);
      if (match) return true;
    }
    now.swap(next);
  }
}

}  // namespace thermos
