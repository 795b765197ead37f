// Compares a file with a text that comes piece by piece, so that neither is in memory as a whole.
#pragma once

#include <string>
#include <string_view>

#include "reactor/os/descriptor.h"

namespace thermos {

class TextInFile {
 public:
  // Opens the regular file `path`.
  explicit TextInFile(const std::string& path);
  // Whether the file goes on with `piece`; an empty one: whether it ends here. False as well if it
  // can't be read. After a false, further answers mean nothing.
  bool goes_on_with(std::string_view piece);

 private:
  Descriptor fd_;
  std::string read_;
};

}  // namespace thermos
