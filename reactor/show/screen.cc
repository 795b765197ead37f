#include "reactor/show/screen.h"

namespace thermos {

void Screen::show(std::string_view lines, const std::vector<std::string>& block) {
  if (lines.empty() && block == shown_) return;
  constexpr std::string_view kEraseBelow = "\x1b[J";
  std::string text = "\r";
  if (!lines.empty()) text.append(kEraseBelow).append(lines);
  for (std::size_t i = 0; i < block.size(); ++i) {
    // Each line is written over the one before; nothing is blank in between.
    text += block[i];
    if (i + 1 < block.size()) text += "\x1b[K\n";
  }
  if (lines.empty() || block.empty()) text += kEraseBelow;
  text += '\r';
  if (block.size() > 1) text += "\x1b[" + std::to_string(block.size() - 1) + "A";
  terminal_.write(text);
  shown_ = block;
}

}  // namespace thermos
