#include "reactor/store/coordinator_streams.h"

#include <string_view>

#include "reactor/os/files.h"

namespace thermos {
namespace {

void add_streams(const std::string& directory, const std::string& node,
                 std::vector<CoordinatorStream>& streams) {
  for (const std::string& file : list_directory(directory)) {
    const std::string_view process = process_of_file(file);
    if (!process.empty()) streams.push_back({directory + "/" + file, std::string(process), node});
  }
}

}  // namespace

std::vector<CoordinatorStream> coordinator_streams(const Paths& paths, const std::string& task_id) {
  std::vector<CoordinatorStream> streams;
  add_streams(paths.checkpoint_dir(task_id), {}, streams);
  for (const std::string& node : list_directory(paths.checkpoint_dir(task_id) + "/nodes")) {
    add_streams(paths.on_node(node).checkpoint_dir(task_id), node, streams);
  }
  return streams;
}

}  // namespace thermos
