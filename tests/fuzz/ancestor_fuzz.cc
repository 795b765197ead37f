// Checkpoints of Apache Thermos, as they might lie on a disk, through all that reads them.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/ancestor/ancestor_history.h"
#include "core/ancestor/checkpoint.h"

namespace thermos::ancestor {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void read_all(Bytes bytes) {
  Scanner scanner(bytes);
  AncestorHistory runner;
  AncestorHistory coordinator;
  Listing listing;
  Verdict verdict = Verdict::End;
  while ((verdict = scanner.next()) == Verdict::Record) {
    require(scanner.record_offset() < scanner.offset() && scanner.offset() <= bytes.size());
    static_cast<void>(listing.plain(scanner.record()));
    static_cast<void>(runner.take(scanner.record()).ok());
    if (const auto* step = std::get_if<ProcessStep>(&scanner.record())) {
      static_cast<void>(coordinator.take_from_coordinator(*step).ok());
    }
  }
  require(scanner.next() == verdict);
  require(verdict == Verdict::End || !scanner.why().empty());
  require(verdict != Verdict::End || scanner.offset() == bytes.size());
  // Whatever could be taken is a history that has ended, and one that this program can record.
  for (const AncestorHistory* taken : {&runner, &coordinator}) {
    const auto history = taken->finish({"t", "/logs", "mark"});
    require(history.ok() && is_terminal(history->state()));
  }
}

}  // namespace
}  // namespace thermos::ancestor

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  thermos::ancestor::read_all(std::as_bytes(std::span(data, size)));
  return 0;
}
