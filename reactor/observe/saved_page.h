// A page that needs no server: tasks as they are on record, to keep or to attach to a ticket.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"

namespace thermos::observe {

// The HTML of the page with the tasks that the patterns match (see select_tasks()) in it: what a
// browser would be told of them, why they and their processes failed, and of each run's output the
// last 64 kB. Fails as Answers does: NotFound for a pattern that matches none. Reads with the
// caller's rights.
Result<std::string> saved_page(const Paths& paths, const std::vector<std::string>& patterns);

}  // namespace thermos::observe
