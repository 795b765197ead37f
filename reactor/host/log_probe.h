// Looks through what a run writes for a line that matches, as far as it has come.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/pattern.h"
#include "core/record/record.h"
#include "reactor/os/as_user.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class LogProbe {
 public:
  // Of run `run` of `process`; its files rotate if `backups` is not 0. `header` and `owner`, whose
  // rights are used, outlive this.
  LogProbe(const RunnerHeader& header, const FileOwner& owner, std::string process,
           std::uint32_t run, std::uint32_t backups, Pattern pattern);

  std::uint32_t run() const { return run_; }
  // Reads on in stdout and stderr, but no more than a few megabytes. Whether a line matched, now or
  // before; the last line counts though it may go on. "" or why nothing could be read.
  bool found() const { return found_; }
  std::string look();

 private:
  struct Output {
    const char* name = "";
    Descriptor file;
    ino_t inode = 0;
    std::string line;  // the last one, so far
    bool cut = false;  // it is too long, and its rest is skipped
  };
  // Opens the file that follows the one that was read to its end. False: there is none.
  bool advance(int directory, Output& output) const;
  // False: it was read to its end.
  bool read_some(Output& output);
  void take(Output& output, std::string_view bytes);

  const RunnerHeader& header_;
  const FileOwner& owner_;
  std::string process_;
  std::uint32_t run_;
  std::uint32_t backups_;
  Pattern pattern_;
  std::array<Output, 2> outputs_;
  bool found_ = false;
};

}  // namespace thermos
