#include "reactor/daemon/caller.h"

namespace thermos {

std::string asked_by(const Caller& caller) {
  return "asked by pid " + std::to_string(caller.pid) + ", uid " + std::to_string(caller.uid);
}

}  // namespace thermos
