#include "reactor/host/allocation.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "reactor/os/program_output.h"

namespace thermos {
namespace {

std::string own_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Asks Slurm's controller about the job, and returns the answer in this format of squeue(1).
std::optional<std::string> ask_slurm(const std::string& job, const char* format) {
  return output_of(
      {"squeue", "--noheader", "--states=all", "--jobs=" + job, std::string("--format=") + format});
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
  const std::optional<std::string> printed = ask_slurm(place.job, "%L");
  const Microseconds left = printed ? time_left_from(*printed) : -1;
  return left < 0 ? 0 : add_saturated(now, left);
}

bool job_has_ended(const Leadership& place) {
  if (place.engine != "slurm" || !is_number(place.job)) return false;
  // Checks first that the controller can be reached, because squeue may otherwise print old data.
  const std::optional<std::string> ping = output_of({"scontrol", "ping"});
  if (!ping || ping->find("is UP") == std::string::npos) return false;
  // The controller forgets a job some minutes after its end. squeue for one forgotten job fails, as
  // it does when it can't reach the controller. squeue for several jobs prints those that exist, so
  // the job is named twice.
  const std::optional<std::string> state = ask_slurm(place.job + "," + place.job, "%T");
  if (!state) return false;
  for (const std::string_view live :
       {"PENDING", "RUNNING", "SUSPENDED", "COMPLETING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD",
        "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SPECIAL_EXIT", "REQUEUE_FED"}) {
    if (*state == live) return false;
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
