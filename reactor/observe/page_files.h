// The files of the page, which are part of the program.
#pragma once

#include <span>
#include <string_view>

namespace thermos::observe {

struct PageFile {
  std::string_view name;
  std::string_view type;  // its Content-Type
  std::span<const unsigned char> plain;
  std::span<const unsigned char> packed;  // by gzip
};

// Returns all files, sorted by name. The build generates this from page/.
std::span<const PageFile> page_files();

}  // namespace thermos::observe
