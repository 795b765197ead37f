// The key `on` of a process: which node its runs are launched on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace thermos {

struct On {
  enum class Rule : std::uint8_t {
    Any,     // the text is empty: the first node with room
    Node,    // the node `name`
    Each,    // "each": once on every node
    SameAs,  // "same-as NAME": where the process `name` ran last
  };
  Rule rule = Rule::Any;
  std::string_view name;  // a part of the text
};
On on_of(std::string_view text);

// Stands for the name of the node in the path of a file. See spread_over().
inline constexpr std::string_view kNodeInPath = "{node}";

// Fails with Usage if the text can't be the name of a node, which is a file name (1 to 200 bytes
// without '/', white space and control characters, not beginning with '.' or '-').
Status check_node_name(std::string_view name);

}  // namespace thermos
