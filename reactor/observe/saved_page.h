// Makes a web page of recorded tasks that needs no server, to keep or to attach to a ticket.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"

namespace thermos::observe {

// Returns the page's HTML with the data of the tasks that `patterns` match (see select_tasks()):
// everything that the server would tell a browser about them, why they and their processes failed,
// and the last 64 kB of each run's output. Fails as Answers does, and with NotFound for a pattern
// that matches no task. Reads files with the caller's rights.
Result<std::string> saved_page(const Paths& paths, const std::vector<std::string>& patterns);

}  // namespace thermos::observe
