// A batch script for qsub(1) of Grid Engine.
#pragma once

#include <string>

#include "reactor/export/job.h"

namespace thermos {

std::string grid_engine_script(const ExportJob& job);

}  // namespace thermos
