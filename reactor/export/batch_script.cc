#include "reactor/export/batch_script.h"

#include <array>
#include <cstdio>

#include "reactor/export/quoting.h"

namespace thermos {
namespace {

constexpr std::string_view kWaiting = R"(runner='' tick='' signalled=''
warn() {
  signalled=1
  if [ -n "$runner" ]; then kill -USR1 "$runner"; fi
}
@TRAPS@thermos_run &
runner=$!
if [ -n "$signalled" ]; then kill -USR1 "$runner"; fi
# A signal that comes just as bash begins to wait is not acted on before something
# else ends the wait: so it is never a long one.
while kill -0 "$runner" 2>/dev/null; do
  sleep 3 >/dev/null 2>&1 &
  tick=$!
  wait -n "$runner" "$tick" 2>/dev/null
done
kill "$tick" 2>/dev/null
wait "$runner"
status=$?
# Ended by USR1: that came before thermos could take it, and nothing had begun.
if [ "$status" -eq 138 ]; then status=75; fi
)";

}  // namespace

std::string waiting_part(std::string_view traps) {
  return filled(kWaiting, {{"TRAPS", std::string(traps)}});
}

std::string clock_text(std::uint64_t seconds) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%02llu:%02llu:%02llu",
                static_cast<unsigned long long>(seconds / 3600),
                static_cast<unsigned long long>(seconds / 60 % 60),
                static_cast<unsigned long long>(seconds % 60));
  return text.data();
}

}  // namespace thermos
