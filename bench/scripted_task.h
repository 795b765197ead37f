// A task whose records are written when its owner says so, without processes: for what reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/times.h"
#include "core/record/paths.h"
#include "reactor/store/stream_writer.h"

namespace thermos::bench {

class ScriptedTask {
 public:
  // Makes an active task of layers x width processes, "LAYER-NUMBER", each of which waits for two
  // of the layer before. It began at `begin`, wall time. All calls end the program if they can't
  // write.
  ScriptedTask(const Paths& paths, std::string id, std::uint32_t layers, std::uint32_t width,
               Microseconds begin);

  // Of all transitions: WAITING, FORKED, RUNNING and SUCCESS of each process, of 50 at a time.
  std::uint64_t transitions() const { return std::uint64_t{4} * names_.size(); }
  std::uint64_t written() const { return written_; }
  // Writes the next transition, by a write of its own, and returns its wall time. REQUIRES: there
  // is one.
  Microseconds write();
  // The same for `count` of them at once, or as many as there are, each `step` behind the one
  // before.
  void write_past(std::uint64_t count, Microseconds step);
  // Writes the task's end, and puts it to the finished ones. REQUIRES: all are written.
  void end();

 private:
  void append(const Record& record);
  ProcessStatus next_transition(Timestamp at);

  Paths paths_;
  std::string id_;
  std::vector<std::string> names_;
  std::optional<StreamWriter> stream_;
  std::uint64_t written_ = 0;
  Microseconds latest_ = 0;
};

}  // namespace thermos::bench
