// Runs the observer, `thermos-observe`, from its start to its end.
#pragma once

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/observe/listen_address.h"

namespace thermos::observe {

// Prints the URL, and serves until SIGTERM or SIGINT. Fails as ListeningSocket::open() and
// list_tasks() do, or with System.
Status serve(const Paths& paths, const Address& address);

}  // namespace thermos::observe
