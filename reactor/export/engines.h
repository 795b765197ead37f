// The engines that `thermos export` writes files for.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reactor/export/job.h"

namespace thermos {

struct Engine {
  std::string_view name;
  // The job's file: a script or a manifest, with comments for who changes it.
  std::string (*file_of)(const ExportJob& job);
  bool reads_here;       // CONFIG is read where it is, at its path
  bool utf8;             // its file can hold nothing else
  bool runs_on_machine;  // on this one, so that this program is the one to run
};
std::span<const Engine> engines();

}  // namespace thermos
