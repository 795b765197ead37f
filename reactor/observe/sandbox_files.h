// Opens files in the sandbox of a task. The sandbox belongs to the task's user, who may have put
// anything there: a link to a file that only root may read, a FIFO, a million files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/observe/http.h"
#include "reactor/os/as_user.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/history_json.h"

namespace thermos::observe {

// The limit of entries that the listing of a directory has.
inline constexpr std::size_t kMostEntries = 10'000;

struct SandboxFile {
  Descriptor file;                // open for reading, if it is a regular file
  std::uint64_t size = 0;         // size of the file
  std::optional<Json> listing{};  // if it is a directory
};

// Opens the file or directory at the path `names` in the sandbox, with the rights of `reader`
// (log_reader_of()). Opens one name at a time and follows no link, also not on the way to the
// sandbox. Fails with NotFound, System, or NotPermitted; a link, or anything else but a regular
// file or a directory, is NotPermitted.
Result<SandboxFile> open_in_sandbox(const RunnerHeader& header, const FileOwner& reader,
                                    const std::vector<std::string>& names);

// Encodes `text` as a part of a URL's path.
std::string percent_encoded(std::string_view text);

}  // namespace thermos::observe
