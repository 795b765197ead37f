// A terminal on which lines scroll by above a block that is redrawn in place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reactor/cli/output.h"

namespace thermos {

// Between two calls the cursor is at the start of the block's first line. So other text (a log
// message, the terminal's own ^C) begins there. After a change of the width, which wraps the
// block's lines, the next drawing still begins where the block does.
class Screen {
 public:
  // `terminal` outlives this.
  explicit Screen(Output& terminal) : terminal_(terminal) {}

  // Writes `lines`, each with its newline, and the block below them. Both are queued as one text,
  // so that the block is never missing on the screen. Does nothing if `lines` is empty and the
  // block has not changed.
  void show(std::string_view lines, const std::vector<std::string>& block);
  // Erases the block.
  void clear() { show({}, {}); }

 private:
  Output& terminal_;
  std::vector<std::string> shown_;
};

}  // namespace thermos
