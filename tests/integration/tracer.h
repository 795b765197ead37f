// A program whose system calls are counted, and that can be killed at the entry of any of them.
#pragma once

#include "task_run.h"

namespace thermos::real {

// For Surroundings::before_exec of the program to be traced.
void be_traced();

// Lets a program that was started with be_traced() go on until it is about to make its
// `calls`-th system call since its start, and kills it there; or until its end, if that comes
// first. Its children are not traced. Returns how many calls it was seen to begin.
int trace(const Command& program, int calls);

}  // namespace thermos::real
