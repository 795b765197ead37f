// A child program that evaluates something for a command: with a limit on its time, and with an end
// to all that it started.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/task/task.h"
#include "reactor/os/descriptor.h"

namespace thermos {

struct Evaluation {
  std::vector<std::string> words;  // words[0]: looked for in PATH
  const Descriptor& input;         // its standard input
  const Descriptor& result;        // its descriptor 3
  Microseconds limit = 0;          // 0: none
};

constexpr int kEvaluationResult = 3;

struct EvaluationEnd {
  int status = 0;     // as wait() has it
  bool over = false;  // its time was, so it was killed
};

// Runs it. Its output goes to our standard error; it gets the terminal's signals as we do. When it
// ends, or its time is over, what it left running is killed, wherever that went. NotFound: there is
// no such program.
Result<EvaluationEnd> evaluate(Evaluation evaluation);

}  // namespace thermos
