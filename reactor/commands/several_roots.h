// One task among several roots, for commands that read its files.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/commands/options.h"

namespace thermos {

// The root, of those given, that holds the task which `word` means: its id, or a pattern. Where
// none does, the last one. Fails with Usage if several do.
Result<Paths> root_of_task(const CommonOptions& common, const std::string& word);

}  // namespace thermos
