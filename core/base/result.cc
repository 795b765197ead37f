#include "core/base/result.h"

namespace thermos {

Error error_at(ErrorCode code, std::string path, std::optional<std::size_t> offset,
               std::string what, std::string_view consequence) {
  Error error{code, path + ": "};
  if (offset) error.message += "offset " + std::to_string(*offset) + ": ";
  error.message += what;
  if (!consequence.empty()) error.message.append("; ").append(consequence);
  error.path = std::move(path);
  error.offset = offset;
  error.what = std::move(what);
  return error;
}

}  // namespace thermos
