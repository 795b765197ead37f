// The files of a sandbox, on a node's disk or on that of all leaders. What was placed stays.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "core/runner/file_carrying.h"

namespace thermos::sim {

struct NodeFile {
  std::string bytes;
  carry::FileFacts facts;
};

class NodeDisk {
 public:
  // `number` is that of no other file, on whatever disk.
  void write(const std::string& path, std::string bytes, std::uint64_t number) {
    const std::uint64_t size = bytes.size();
    files_[path] = {std::move(bytes), {size, static_cast<std::int64_t>(number), number, 0644}};
  }
  // nullptr: it is not there.
  const NodeFile* find(const std::string& path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, NodeFile> files_;
};

}  // namespace thermos::sim
