// A batch job of Nomad, in HCL.
#pragma once

#include <string>

#include "reactor/export/job.h"

namespace thermos {

std::string nomad_job(const ExportJob& job);

}  // namespace thermos
