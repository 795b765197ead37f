// The program `thermos-observe`, which `thermos observe` starts.
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <string>

#include "reactor/cli/exit_status.h"
#include "reactor/cli/observe_options.h"
#include "reactor/cli/options.h"
#include "reactor/cli/output.h"
#include "reactor/observe/observer.h"
#include "reactor/observe/saved_page.h"
#include "reactor/os/files.h"
#include "reactor/os/first_process.h"
#include "reactor/os/log_lines.h"
#include "reactor/os/standard_descriptors.h"

namespace {

thermos::Status save(const thermos::Paths& paths, const thermos::ObserveOptions& options) {
  const auto page = thermos::observe::saved_page(paths, options.tasks);
  if (!page) return page.error();
  if (options.page == "-") {
    thermos::Output(STDOUT_FILENO).print(*page);
    return thermos::Done{};
  }
  const auto written = thermos::write_file(options.page, *page);
  return written ? thermos::Status(thermos::Done{}) : written.error();
}

thermos::Status run(const thermos::Arguments& words) {
  thermos::CommonOptions common;
  const auto options = thermos::parse_observe(words, common);
  if (!options) return options.error();
  if (!*options) return thermos::Done{};
  if (!(*options)->page.empty()) return save(common.paths(), **options);
  auto address = (*options)->listen.empty() ? thermos::Result(thermos::observe::default_address())
                                            : thermos::observe::parse_address((*options)->listen);
  if (!address) return address.error();
  if (!address->path.empty()) address->path = thermos::absolute_path(address->path);
  return thermos::observe::serve(common.paths(), *address);
}

}  // namespace

int main(int argc, char** argv) {
  thermos::note_early_signals();
  thermos::fill_standard_descriptors();
  // Large blocks go back to the machine when they are freed.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  std::signal(SIGPIPE, SIG_IGN);
  thermos::log_to_stderr("thermos", "thermos: %l: %v");
  spdlog::set_level(spdlog::level::warn);
  try {
    const thermos::Status done = run(thermos::Arguments(argv + (argc > 0 ? 1 : 0), argv + argc));
    if (done) return thermos::kExitDone;
    thermos::print_error(done.error().message);
    return thermos::exit_status_of(done.error().code);
  } catch (const std::exception& failure) {
    thermos::print_error(failure.what());
    return thermos::kExitSystem;
  }
}
