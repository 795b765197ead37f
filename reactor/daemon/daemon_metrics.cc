#include "reactor/daemon/daemon_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <iterator>
#include <sstream>

#include "core/explain/metrics_text.h"
#include "reactor/os/clocks.h"
#include "reactor/os/files.h"
#include "reactor/os/identity.h"

namespace thermos {
namespace {

using Type = MetricType;

Microseconds microseconds_of(const timeval& time) {
  return time.tv_sec * kSecond + time.tv_usec;
}

// Returns the errno's name, such as "EMFILE", or "unknown".
std::string errno_name(int number) {
  const char* const name = number == 0 ? nullptr : strerrorname_np(number);
  return name == nullptr ? "unknown" : name;
}

void write_process(MetricsText& out) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  out.family("process_cpu_seconds_total", Type::Counter, "CPU time of the daemon itself.");
  out.seconds({}, microseconds_of(used.ru_utime) + microseconds_of(used.ru_stime));
  if (const auto pages = read_file("/proc/self/statm")) {
    std::istringstream fields(*pages);
    std::uint64_t whole = 0;
    std::uint64_t resident = 0;
    fields >> whole >> resident;
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    out.family("process_resident_memory_bytes", Type::Gauge, "Memory of the daemon in RAM.");
    out.sample({}, resident * page);
    out.family("process_virtual_memory_bytes", Type::Gauge, "Address space of the daemon.");
    out.sample({}, whole * page);
  }
  if (const auto self = read_stat(getpid())) {
    const Timestamp now = read_clocks();
    const auto hertz = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    const auto begun = static_cast<Microseconds>(self->identity.ticks * kSecond / hertz);
    out.family("process_start_time_seconds", Type::Gauge,
               "When the daemon started, since the epoch.");
    out.seconds({}, now.wall - now.boot + begun);
  }
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  // One of the descriptors is open only to list the directory.
  const std::uint64_t open = list_directory("/proc/self/fd").size();
  out.family("process_open_fds", Type::Gauge, "Descriptors that the daemon has open.");
  out.sample({}, open > 0 ? open - 1 : 0);
  out.family("process_max_fds", Type::Gauge, "Descriptors that the daemon may have open.");
  out.sample({}, descriptors.rlim_cur);
}

}  // namespace

std::string daemon_metrics(const Counters& counters) {
  MetricsText out;
  out.family("thermos_turn_seconds", Type::Histogram,
             "Turns of the daemon's loop, from the first look at the clock to the end.");
  out.histogram(counters.turns);
  out.family("thermos_commit_seconds", Type::Histogram,
             "Waits for the disk until the records of a task were on it.");
  out.histogram(counters.commits);
  const auto count = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    out.family(name, Type::Counter, help);
    out.sample({}, value);
  };
  count("thermos_stream_bytes_total", "Bytes written to checkpoint streams.",
        counters.stream_bytes);
  count("thermos_torn_tails_total", "Records that were not written to their end, and cut off.",
        counters.torn_tails);
  count("thermos_compactions_total", "Streams that were rewritten with fewer records.",
        counters.compactions);
  count("thermos_inotify_overflows_total", "Times that the kernel dropped events of inotify.",
        counters.inotify_overflows);
  out.family("thermos_launch_retries_total", Type::Counter,
             "Launches that came to nothing for a shortage and were tried again.");
  for (const auto& [number, retries] : counters.launch_retries) {
    out.sample({{"errno", errno_name(number)}}, retries);
  }
  out.family("thermos_adoptions_total", Type::Counter,
             "Runs under way that the daemon took over when it took the lead.");
  for (const std::string_view result : {"running", "ended", "lost"}) {
    const auto found = counters.adoptions.find(result);
    out.sample({{"result", result}}, found == counters.adoptions.end() ? 0 : found->second);
  }
  out.family("thermos_connections", Type::Gauge, "Connections of clients that are open.");
  out.sample({}, counters.connections);
  out.family("thermos_requests_total", Type::Counter,
             "Requests of clients, by the first answer to them.");
  for (const auto& [of, requests] : counters.requests) {
    out.sample({{"verb", of.first}, {"code", of.second}}, requests);
  }
  count("thermos_subscribers_dropped_total",
        "Subscribers whose connection ended before they had all events.",
        counters.subscribers_dropped);
  write_process(out);
  return out.text();
}

}  // namespace thermos
