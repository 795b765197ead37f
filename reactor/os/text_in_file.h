// Compares a file with a text that is given in pieces, so that neither is in memory as a whole.
#pragma once

#include <string>
#include <string_view>

#include "reactor/os/descriptor.h"

namespace thermos {

class TextInFile {
 public:
  // Opens the regular file `path`.
  explicit TextInFile(const std::string& path);
  // Reads on in the file and returns whether the next bytes equal `piece`. With an empty `piece`,
  // returns whether the file ends here. Returns false, too, if the file can't be read. After a
  // false, do not call it again: further results mean nothing.
  bool goes_on_with(std::string_view piece);

 private:
  Descriptor fd_;
  std::string read_;
};

}  // namespace thermos
