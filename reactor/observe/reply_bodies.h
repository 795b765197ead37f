// Reply bodies whose contents are made or read while they are sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/record/history.h"
#include "reactor/observe/directory_watches.h"
#include "reactor/observe/event_ring.h"
#include "reactor/observe/http.h"
#include "reactor/observe/root_mirror.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/history_json.h"
#include "reactor/views/log_tail.h"

namespace thermos::observe {

// Makes {"position","tasks":[ROW, ...]} with the rows for which `wants` is true, at most `limit`.
std::unique_ptr<Body> rows_body(const std::string& position, RootMirror::Rows rows,
                                std::function<bool(const RootMirror::Row&)> wants,
                                std::uint64_t limit);

// Makes a task's JSON. `head` is the object without "processes", which the body adds as it is read.
std::unique_ptr<Body> task_body(const Json& head, std::shared_ptr<const History> history);

// Sends `length` bytes of a file from the offset `first` on. If the file turns out to be shorter,
// the reply is broken off.
std::unique_ptr<Body> file_body(Descriptor file, std::uint64_t first, std::uint64_t length);

// Sends the contents of a log, and what is appended to it, until `over` returns true: nothing more
// will be appended. The body calls `over` after each event of `events`.
std::unique_ptr<Body> follow_body(LogTail tail, std::function<bool()> over, EventRing& events,
                                  DirectoryWatches& watches);

// Sends `first`, and then all events after the number `from`, without end.
std::unique_ptr<Body> events_body(EventRing& events, std::uint64_t from, std::string first);

}  // namespace thermos::observe
