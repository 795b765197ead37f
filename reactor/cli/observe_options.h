// The options of `thermos observe`, for the command and for the program that it starts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "reactor/cli/options.h"

namespace thermos {

struct ObserveOptions {
  std::string listen;  // as given; empty: not given
  std::string page;    // the file to write instead of serving (--static); empty: not given
  std::vector<std::string> tasks;  // ids of tasks, or patterns
};

// Parses the arguments. Returns nothing if the help was printed. Fails with Usage.
Result<std::optional<ObserveOptions>> parse_observe(const Arguments& arguments,
                                                    CommonOptions& common);

}  // namespace thermos
