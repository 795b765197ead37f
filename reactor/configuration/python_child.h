// Runs a child program that evaluates something for a command, with a time limit, and kills all
// processes that it leaves.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/task/task.h"
#include "reactor/os/descriptor.h"

namespace thermos {

struct Evaluation {
  std::vector<std::string> words;  // the command; words[0] is looked up in PATH
  const Descriptor& input;         // its standard input
  const Descriptor& result;        // its descriptor 3
  Microseconds limit = 0;          // 0: no limit
};

constexpr int kEvaluationResult = 3;

struct EvaluationEnd {
  int status = 0;     // as waitpid(2) returns it
  bool over = false;  // the time limit was reached, and the child was killed
};

// Runs the child and blocks until it has ended. Its standard output goes to this program's standard
// error. It is in this program's process group, so it gets the terminal's signals. When it has
// ended or the time limit is reached, all processes that it left are killed, also those in other
// sessions. Fails with NotFound if there is no such program, else with System.
Result<EvaluationEnd> evaluate(Evaluation evaluation);

}  // namespace thermos
