// Searches a run's output for a line that matches a pattern, while the run still writes it.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/line_regex.h"
#include "core/record/record.h"
#include "reactor/os/as_user.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class LogProbe {
 public:
  // Searches the output of run `run` of `process`. The log files rotate if `backups` is not 0. The
  // files are read with the rights of `owner`. `header` and `owner` outlive this.
  LogProbe(const RunnerHeader& header, const FileOwner& owner, std::string process,
           std::uint32_t run, std::uint32_t backups, Pattern pattern);

  std::uint32_t run() const { return run_; }
  // look() reads on in stdout and stderr, at most a few megabytes, and returns "" or why the logs
  // could not be read. found() is true if any look() found a matching line. The last line is
  // matched even if its end was not written yet.
  bool found() const { return found_; }
  std::string look();

 private:
  struct Output {
    const char* name = "";
    Descriptor file;
    ino_t inode = 0;
    std::string line;  // the last line, as far as it was read
    bool cut = false;  // the line is too long, and its rest is skipped
  };
  // Opens the log file after the one that was read to its end. Returns false if there is none.
  bool advance(int directory, Output& output) const;
  // Returns false if the file was read to its end.
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
