#include "reactor/export/engines.h"

#include <array>

#include "reactor/export/grid_engine.h"
#include "reactor/export/kubernetes.h"
#include "reactor/export/nomad.h"
#include "reactor/export/slurm.h"
#include "reactor/export/systemd.h"

namespace thermos {
namespace {

constexpr std::array kEngines = {
    Engine{"slurm", slurm_script, true, false, false},
    Engine{"sge", grid_engine_script, true, false, false},
    Engine{"kubernetes", kubernetes_manifest, false, true, false},
    Engine{"nomad", nomad_job, false, true, false},
    Engine{"systemd", systemd_unit, true, true, true},
};

}  // namespace

std::span<const Engine> engines() {
  return kEngines;
}

}  // namespace thermos
