// Measures the cost of waiting processes: their memory, and how often they were woken.
//   process_cost SECONDS <PIDS        prints COUNT PRIVATE_KIB PSS_KIB SWITCHES, each a sum
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

// Returns the sum of the numbers behind these labels in a file of lines "LABEL NUMBER ...".
long long sum_of(const std::string& path, const std::vector<std::string>& labels) {
  std::ifstream file(path);
  long long sum = 0;
  for (std::string line; std::getline(file, line);) {
    for (const std::string& label : labels) {
      if (line.starts_with(label + ":"))
        sum += std::strtoll(line.c_str() + label.size() + 1, nullptr, 10);
    }
  }
  return sum;
}

long long switches(const std::vector<std::string>& pids) {
  long long sum = 0;
  for (const std::string& pid : pids) {
    sum += sum_of("/proc/" + pid + "/status",
                  {"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"});
  }
  return sum;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 64;
  std::vector<std::string> pids;
  for (std::string pid; std::cin >> pid;) pids.push_back(pid);
  const long long before = switches(pids);
  ::sleep(static_cast<unsigned>(std::strtoul(words[1], nullptr, 10)));
  const long long after = switches(pids);
  long long own = 0;
  long long shared = 0;
  for (const std::string& pid : pids) {
    own += sum_of("/proc/" + pid + "/smaps_rollup", {"Private_Clean", "Private_Dirty"});
    shared += sum_of("/proc/" + pid + "/smaps_rollup", {"Pss"});
  }
  std::printf("%zu %lld %lld %lld\n", pids.size(), own, shared, after - before);
  return 0;
}
