// A batch script for sbatch(1) of Slurm.
#pragma once

#include <string>

#include "reactor/export/job.h"

namespace thermos {

std::string slurm_script(const ExportJob& job);

}  // namespace thermos
