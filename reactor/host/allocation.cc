#include "reactor/host/allocation.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace thermos {
namespace {

std::string own_variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

struct Printed {
  bool ok = false;  // the program was there, and exited with 0
  std::string text;
};

Printed output_of(const std::string& command) {
  Printed printed;
  // NOLINTNEXTLINE(cert-env33-c): the command is made of constants and a number
  FILE* pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return printed;
  std::array<char, 256> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe)) {
    printed.text.append(part.data(), size);
  }
  printed.ok = ::pclose(pipe) == 0;
  while (!printed.text.empty() && printed.text.back() == '\n') printed.text.pop_back();
  return printed;
}

// An engine that does not answer holds nobody up for longer.
std::string squeue(const std::string& job, const char* format) {
  return "timeout 20 squeue --noheader --jobs=" + job + " --states=all --format=" + format +
         " 2>/dev/null";
}

}  // namespace

Leadership find_place(const ReadVariable& variable) {
  Leadership place;
  std::array<char, 256> hostname{};
  if (::gethostname(hostname.data(), hostname.size() - 1) == 0) place.hostname = hostname.data();
  const auto count = [&](const char* name) -> std::uint32_t {
    const std::string text = variable(name);
    return is_number(text) && text.size() < 9 ? static_cast<std::uint32_t>(std::stoul(text)) : 0;
  };
  if (const std::string job = variable("SLURM_JOB_ID"); is_number(job)) {
    place.engine = "slurm";
    place.job = job;
    place.restarts = count("SLURM_RESTART_COUNT");
  } else if (const std::string sge = variable("JOB_ID");
             is_number(sge) && !variable("SGE_ROOT").empty()) {
    place.engine = "sge";
    const std::string part = variable("SGE_TASK_ID");
    place.job = sge + (is_number(part) ? "." + part : "");
    place.restarts = count("RESTARTED");
  } else if (const std::string allocation = variable("NOMAD_ALLOC_ID"); !allocation.empty()) {
    place.engine = "nomad";
    place.job = allocation;
  } else if (!variable("KUBERNETES_SERVICE_HOST").empty()) {
    place.engine = "kubernetes";
    place.job = place.hostname;  // the pod's name
  }
  return place;
}

Leadership find_place() {
  return find_place(own_variable);
}

bool engine_requeues(const Leadership& place) {
  return place.engine == "slurm" || place.engine == "sge";
}

int yield_status_of(const Leadership& place) {
  return place.engine == "sge" ? 99 : 75;
}

Microseconds allocation_end(const Leadership& place, Microseconds now) {
  if (place.engine != "slurm") return 0;
  const Printed printed = output_of(squeue(place.job, "%L"));
  const Microseconds left = printed.ok ? time_left_from(printed.text) : -1;
  return left < 0 ? 0 : now + left;
}

bool job_has_ended(const Leadership& place) {
  if (place.engine != "slurm" || !is_number(place.job)) return false;
  // The controller forgets a job some minutes after its end: then squeue prints nothing, or calls
  // the id invalid. That it can be reached at all must be seen first.
  if (!output_of("timeout 20 scontrol ping 2>/dev/null | grep -q 'is UP'").ok) return false;
  const std::string state = output_of(squeue(place.job, "%T")).text;
  for (const std::string_view live :
       {"PENDING", "RUNNING", "SUSPENDED", "COMPLETING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD",
        "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SPECIAL_EXIT", "REQUEUE_FED"}) {
    if (state == live) return false;
  }
  return true;
}

Microseconds time_left_from(std::string_view text) {
  Microseconds days = 0;
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    if (!is_number(text.substr(0, dash)) || dash > 6) return -1;
    days = std::stol(std::string(text.substr(0, dash)));
    text.remove_prefix(dash + 1);
  }
  Microseconds time = 0;
  int parts = 0;
  for (;; ++parts) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view part = text.substr(0, colon);
    if (!is_number(part) || part.size() > 6) return -1;
    time = time * 60 + std::stol(std::string(part));
    if (colon == text.size()) break;
    text.remove_prefix(colon + 1);
  }
  return parts == 0 || parts > 2 ? -1 : (days * 86'400 + time) * kSecond;
}

}  // namespace thermos
