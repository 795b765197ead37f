// Replay: from a checkpoint stream on the disk to the histories that it adds up to, beside what
// others would need for the same records. Items are records; bytes are the file's.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "bench/peer_readers.h"
#include "bench/sizes.h"
#include "bench/streams.h"
#include "capnp/codec.h"
#include "core/record/frame.h"
#include "core/record/history.h"
#include "reactor/store/stream_reader.h"

namespace thermos::bench {
namespace {

StreamShape shape_of(const benchmark::State& state) {
  return {static_cast<std::uint64_t>(state.range(0)), static_cast<std::uint32_t>(state.range(1))};
}

void count(benchmark::State& state, std::uint64_t records, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(records));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

enum class Depth : std::uint8_t { Frames, Decoded, Applied };

// How far the records of mapped bytes are taken, so that the parts can be told apart.
std::uint64_t replay(Bytes bytes, Depth depth) {
  FrameScanner scanner(bytes);
  History history;
  Record record = ProcessStatus();
  std::uint64_t records = 0;
  Verdict verdict = Verdict::Record;
  while ((verdict = scanner.next()) == Verdict::Record) {
    ++records;
    if (depth == Depth::Frames) continue;
    if (!decode(scanner.payload(), record)) std::abort();
    if (depth == Depth::Decoded) {
      benchmark::DoNotOptimize(record);
      continue;
    }
    if (!history.apply(record)) std::abort();
  }
  if (verdict != Verdict::End) std::abort();
  benchmark::DoNotOptimize(history.processes().data());
  return records;
}

void replay_mapped(benchmark::State& state, Depth depth) {
  const ScratchFile& file = stream_file(shape_of(state));
  std::uint64_t records = 0;
  for (auto _ : state) {
    const Mapping mapping(file.fd(), file.size());
    records = replay(mapping.bytes(), depth);
  }
  count(state, records, file.size());
}

void replay_path(benchmark::State& state, const ScratchFile& file, std::uint64_t records) {
  const std::string path = file.path();
  for (auto _ : state) {
    auto stream = read_runner_stream(path);
    if (!stream || stream->end != StreamEnd::Clean) std::abort();
    benchmark::DoNotOptimize(stream->history.processes().data());
  }
  count(state, records, file.size());
}

void thermos_file(benchmark::State& state) {
  replay_path(state, stream_file(shape_of(state)), shape_of(state).records + 2);
}

// What is left of the same history once it is compacted. Records are those that it stood for, so
// the rate is of history brought back, not of bytes read.
void thermos_compacted(benchmark::State& state) {
  replay_path(state, compacted_file(shape_of(state)), shape_of(state).records + 2);
}

void naive_mapped(benchmark::State& state) {
  const ScratchFile& file = stream_file(shape_of(state));
  std::uint64_t records = 0;
  for (auto _ : state) records = read_naively_mapped(file.fd(), file.size());
  count(state, records, file.size());
}

void naive_read(benchmark::State& state) {
  const ScratchFile& file = stream_file(shape_of(state));
  std::uint64_t records = 0;
  for (auto _ : state) records = read_naively_by_read(file.fd());
  count(state, records, file.size());
}

void thrift(benchmark::State& state) {
  const ScratchFile& file = thrift_file(shape_of(state));
  std::uint64_t records = 0;
  for (auto _ : state) records = read_thrift(file.fd(), file.size());
  count(state, records, file.size());
}

// The limit: the bytes alone, brought into a buffer that fits the processor's cache.
void plain_read(benchmark::State& state) {
  const ScratchFile& file = stream_file(shape_of(state));
  constexpr std::size_t kRoom = std::size_t{256} * 1024;
  const auto room = std::make_unique_for_overwrite<std::byte[]>(kRoom);
  for (auto _ : state) {
    off_t at = 0;
    ssize_t got = 0;
    while ((got = ::pread(file.fd(), room.get(), kRoom, at)) > 0) at += got;
    if (got < 0 || static_cast<std::size_t>(at) != file.size()) std::abort();
  }
  count(state, shape_of(state).records + 2, file.size());
}

// The parts and the peers at one size; the whole at all.
void all_sizes(benchmark::internal::Benchmark* bench) {
  for (const std::int64_t records : sizes({10'000, 1'000'000, 10'000'000})) {
    for (const std::int64_t processes : {1, 100, 10'000}) bench->Args({records, processes});
  }
  bench->Unit(benchmark::kMillisecond);
}

void one_size(benchmark::internal::Benchmark* bench) {
  for (const std::int64_t records : sizes({1'000'000})) bench->Args({records, 100});
  bench->Unit(benchmark::kMillisecond);
}

BENCHMARK(thermos_file)->Apply(all_sizes);
BENCHMARK(thermos_compacted)->Apply(all_sizes);
BENCHMARK_CAPTURE(replay_mapped, applied, Depth::Applied)->Apply(one_size);
BENCHMARK_CAPTURE(replay_mapped, decoded, Depth::Decoded)->Apply(one_size);
BENCHMARK_CAPTURE(replay_mapped, frames, Depth::Frames)->Apply(one_size);
BENCHMARK(naive_mapped)->Apply(one_size);
BENCHMARK(naive_read)->Apply(one_size);
BENCHMARK(thrift)->Apply(one_size);
BENCHMARK(plain_read)->Apply(one_size);

}  // namespace
}  // namespace thermos::bench

BENCHMARK_MAIN();
