// A unit of systemd: a service for one task.
#pragma once

#include <string>

#include "reactor/export/job.h"

namespace thermos {

std::string systemd_unit(const ExportJob& job);

}  // namespace thermos
