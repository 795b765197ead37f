// Append and commit: what one transition costs until the kernel has it (crash) and until the disk
// has it (power). An item is a record. In $TMPDIR, else /tmp: put that on the disk that is meant.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/sizes.h"
#include "bench/streams.h"
#include "capnp/codec.h"
#include "reactor/store/stream_writer.h"

namespace thermos::bench {
namespace {

void must(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  std::exit(1);
}

// A directory of its own, with one stream in it.
class Stream {
 public:
  Stream() {
    const char* directory = std::getenv("TMPDIR");
    name_ = std::string(directory != nullptr ? directory : "/tmp") + "/bench-XXXXXX";
    if (::mkdtemp(name_.data()) == nullptr) {
      std::perror(name_.c_str());
      std::exit(1);
    }
  }
  ~Stream() {
    ::unlink(path().c_str());
    ::rmdir(name_.c_str());
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::string path() const { return name_ + "/runner"; }
  StreamWriter open() const {
    auto writer = StreamWriter::open(path());
    if (!writer) must(writer.error());
    return std::move(*writer);
  }

 private:
  std::string name_;
};

ProcessStatus sample() {
  ProcessStatus status;
  status.process = "step_17";
  status.seq = 70;
  status.run = 17;
  status.state = ProcessState::Running;
  status.identity = {4301, 123457};
  status.at = {1'700'000'000'000'005, 5'000'004};
  return status;
}

// As the coordinator does it: into a buffer on the stack, no memory taken.
void encode(benchmark::State& state) {
  alignas(8) std::array<std::byte, kStatusFrameBytes> room;
  const ProcessStatus status = sample();
  std::uint32_t chain = 1;
  for (auto _ : state) benchmark::DoNotOptimize(encode_frame(status, chain, room));
  state.SetItemsProcessed(state.iterations());
}

// The runner's: a turn of the loop appends `records`, and syncs once or not.
void commit(benchmark::State& state, bool sync) {
  const Stream stream;
  StreamWriter writer = stream.open();
  const Record record = sample();
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) must(writer.append(record));
    if (sync) must(writer.sync());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// The limit: the same bytes by write(2), with nothing of ours around it.
void bare_commit(benchmark::State& state, bool sync) {
  const ScratchFile file;
  const std::array<char, 136> bytes{};
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      if (::write(file.fd(), bytes.data(), bytes.size()) < 0) std::abort();
    }
    if (sync && ::fdatasync(file.fd()) != 0) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void one_by_one(benchmark::internal::Benchmark* bench) {
  bench->Arg(1)->Unit(benchmark::kMicrosecond)->UseRealTime();
}

void batches(benchmark::internal::Benchmark* bench) {
  bench->Arg(1)->Arg(8)->Arg(64)->Unit(benchmark::kMicrosecond)->UseRealTime();
}

BENCHMARK(encode);
BENCHMARK_CAPTURE(commit, crash, false)->Apply(one_by_one);
BENCHMARK_CAPTURE(bare_commit, crash, false)->Apply(one_by_one);
BENCHMARK_CAPTURE(commit, power, true)->Apply(batches);
BENCHMARK_CAPTURE(bare_commit, power, true)->Apply(batches);

}  // namespace
}  // namespace thermos::bench

BENCHMARK_MAIN();
