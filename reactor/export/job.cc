#include "reactor/export/job.h"

#include <cmath>

namespace thermos {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
// The memory of the runner, its fork server and their coordinators, which share most of their
// pages.
constexpr std::uint64_t kOwnMiB = 64;

std::uint64_t mib(std::int64_t bytes) {
  return (static_cast<std::uint64_t>(bytes) + kMiB - 1) / kMiB;
}

}  // namespace

RunWords run_words(const ExportJob& job, const std::string& root, const std::string& sandbox) {
  RunWords words;
  words.before_task_id = {
      job.thermos, "run", "--once", "--on-term", "yield", "--grace", std::to_string(job.grace)};
  if (!root.empty()) words.before_task_id.insert(words.before_task_id.end(), {"--root", root});
  words.before_task_id.emplace_back("--task-id");
  if (!sandbox.empty()) words.after_task_id = {"--sandbox", sandbox};
  words.after_task_id.insert(words.after_task_id.end(), job.bindings.begin(), job.bindings.end());
  return words;
}

std::uint64_t cores_of(const Demand& demand) {
  return demand.peak.cpu <= 1 ? 1 : static_cast<std::uint64_t>(std::ceil(demand.peak.cpu));
}

std::uint64_t ram_mib_of(const Demand& demand) {
  return demand.peak.ram == 0 ? 0 : mib(demand.peak.ram) + kOwnMiB;
}

std::uint64_t disk_mib_of(const Demand& demand) {
  return mib(demand.peak.disk);
}

std::string demand_text(const ExportJob& job) {
  if (job.demand.declared) return "The task's own `resources` say so.";
  if (job.demand.silent == job.processes) {
    return "No process has `resources` with a cpu: set here what they need together.";
  }
  std::string text = "The most that processes which run together ask for";
  if (job.demand.silent > 0) {
    text += "; " + std::to_string(job.demand.silent) + " of " + std::to_string(job.processes) +
            " name no cpu";
  }
  return text + ".";
}

}  // namespace thermos
