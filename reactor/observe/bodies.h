// Replies that are read as they are sent.
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

// {"position","tasks":[ROW, ...]}: those of the rows that `wants` takes, at most `limit`.
std::unique_ptr<Body> rows_body(const std::string& position, RootMirror::Rows rows,
                                std::function<bool(const RootMirror::Row&)> wants,
                                std::uint64_t limit);

// A task's JSON: `head` is an object without "processes", which are made as they are read.
std::unique_ptr<Body> task_body(const Json& head, std::shared_ptr<const History> history);

// `length` bytes of a file from `first` on. If it turns out to be shorter, the reply is broken off.
std::unique_ptr<Body> file_body(Descriptor file, std::uint64_t first, std::uint64_t length);

// What a log has, and what is appended to it until `over` says that nothing will be. `over` is
// asked when `events` says that something happened.
std::unique_ptr<Body> follow_body(LogTail tail, std::function<bool()> over, EventRing& events,
                                  DirectoryWatches& watches);

// The events behind the number `from`, for ever. `first`: what is sent before them.
std::unique_ptr<Body> events_body(EventRing& events, std::uint64_t from, std::string first);

}  // namespace thermos::observe
