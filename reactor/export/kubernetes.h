// A Job of Kubernetes, with its configuration and its volume.
#pragma once

#include <string>

#include "reactor/export/job.h"

namespace thermos {

std::string kubernetes_manifest(const ExportJob& job);

}  // namespace thermos
