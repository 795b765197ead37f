// The engines that `thermos export` writes files for.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reactor/export/job.h"

namespace thermos {

struct Engine {
  std::string_view name;
  // Returns the job's file: a script or a manifest, with comments for people who edit it.
  std::string (*file_of)(const ExportJob& job);
  bool reads_here;       // the job reads CONFIG at its path; else the file contains it
  bool utf8;             // the file can hold only UTF-8
  bool runs_on_machine;  // the job runs on this machine, with this program
};
std::span<const Engine> engines();

}  // namespace thermos
