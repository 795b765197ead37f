// The example tasks, and what is expected of each.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {

inline std::string example(const std::string& name) {
  return std::string(THERMOS_SOURCE "/reactor/examples/") + name;
}

// Each process ran once, and once it was ready it was not asked again.
inline void expect_one_run_each(Site& site) {
  const Json status = site.status();
  for (const auto& [name, all] : status["processes"].items()) {
    EXPECT_EQ(all.size(), 1U) << name << " " << all.dump(2);
  }
}

}  // namespace thermos::real
