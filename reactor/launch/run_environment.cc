#include "reactor/launch/run_environment.h"

#include <algorithm>
#include <string_view>

#include "core/record/state.h"
#include "core/record/trace_context.h"

namespace thermos {
namespace {

std::string_view name_in(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

void add(const Named<std::string>& env, std::vector<std::string>& environment) {
  for (const auto& [name, value] : env.entries) environment.push_back(name + "=" + value);
}

// Keeps the last variable of each name, in the order of the names.
void keep_last(std::vector<std::string>& environment) {
  std::stable_sort(
      environment.begin(), environment.end(),
      [](const std::string& a, const std::string& b) { return name_in(a) < name_in(b); });
  const auto first_kept = std::unique(environment.rbegin(), environment.rend(),
                                      [](const std::string& a, const std::string& b) {
                                        return name_in(a) == name_in(b);
                                      })
                              .base();
  environment.erase(environment.begin(), first_kept);
}

}  // namespace

void complete_environment(const RunnerHeader& header, const TaskConfig& task,
                          const StartProcess& start, std::vector<std::string>& environment) {
  const ProcessConfig& process = task.processes[start.process];
  // TRACEPARENT stands before the configuration's variables, which may have one of their own.
  const TraceIds ids(header);
  environment.push_back("TRACEPARENT=" +
                        text_of(TraceParent{ids.trace(), ids.run(process.name, start.run)}));
  add(task.env, environment);
  add(process.env, environment);
  environment.push_back("THERMOS_TASK_ID=" + header.task_id);
  environment.push_back("THERMOS_PROCESS=" + process.name);
  environment.push_back("THERMOS_RUN=" + std::to_string(start.run));
  if (process.final) {
    environment.push_back("THERMOS_RESULT=" + std::string(name_of(start.goal)));
  }
  keep_last(environment);
}

void add_notify_variables(const ProcessConfig& process, std::vector<std::string>& environment) {
  std::erase_if(environment, [](const std::string& variable) {
    const std::string_view name = name_in(variable);
    return name == "NOTIFY_SOCKET" || name == "WATCHDOG_USEC" || name == "WATCHDOG_PID";
  });
  environment.emplace_back("NOTIFY_SOCKET=");
  if (process.watchdog) {
    environment.push_back("WATCHDOG_USEC=" + std::to_string(*process.watchdog));
  }
}

}  // namespace thermos
