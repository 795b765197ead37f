#include "reactor/views/taken_logs.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "reactor/os/files.h"
#include "reactor/store/ancestor_stream.h"

namespace thermos {

FindTaken find_taken_in(const Paths& paths) {
  auto read = std::make_shared<std::map<std::string, std::optional<History>>>();
  return [paths, read](const std::string& from,
                       const std::string& process) -> std::optional<LogPlace> {
    auto known = read->find(from);
    if (known == read->end()) {
      Result<History> history = read_recorded_task(paths, from);
      known = read->emplace(from, std::nullopt).first;
      if (history && history->header()) known->second = std::move(*history);
    }
    if (!known->second) return std::nullopt;
    const History& history = *known->second;
    const auto index = history.find(process);
    const Run* run = index ? history.process(*index).current() : nullptr;
    if (run == nullptr) return std::nullopt;
    const RunnerHeader& header = *history.header();
    return LogPlace{header, log_reader_of(header, owner_of(paths.runner_stream(from))),
                    run->number};
  };
}

}  // namespace thermos
