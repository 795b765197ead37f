#include <arpa/inet.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>

#include "bench/peer_readers.h"
#include "record_types.h"

namespace thermos::bench {
namespace {

using apache::thrift::protocol::TBinaryProtocolT;
using apache::thrift::transport::TMemoryBuffer;
using Protocol = TBinaryProtocolT<TMemoryBuffer>;

void fill(thrifty::Record& out, const RunnerHeader& in) {
  thrifty::Header header;
  header.__set_task_id(in.task_id);
  header.__set_sandbox(in.sandbox);
  header.__set_log_dir(in.log_dir);
  header.__set_hostname(in.hostname);
  header.__set_user(in.user);
  header.__set_launch_time(in.launch_time);
  out.__set_header(header);
}

void fill(thrifty::Record& out, const TaskStatus& in) {
  thrifty::TaskStatus task;
  task.__set_state(static_cast<thrifty::TaskState::type>(in.state));
  task.__set_wall(in.at.wall);
  task.__set_boot(in.at.boot);
  task.__set_runner_pid(in.runner_pid);
  task.__set_runner_uid(static_cast<std::int32_t>(in.runner_uid));
  task.__set_boot_high(static_cast<std::int64_t>(in.boot.high));
  task.__set_boot_low(static_cast<std::int64_t>(in.boot.low));
  out.__set_task(task);
}

void fill(thrifty::Record& out, const ProcessStatus& in) {
  thrifty::ProcessStatus process;
  process.__set_seq(static_cast<std::int64_t>(in.seq));
  process.__set_process(std::string(in.process));
  process.__set_run(static_cast<std::int32_t>(in.run));
  process.__set_state(static_cast<thrifty::ProcessState::type>(in.state));
  process.__set_wall(in.at.wall);
  process.__set_boot(in.at.boot);
  if (in.identity.pid != 0) {
    process.__set_pid(in.identity.pid);
    process.__set_ticks(static_cast<std::int64_t>(in.identity.ticks));
  }
  if (in.boot.high != 0) {
    process.__set_boot_high(static_cast<std::int64_t>(in.boot.high));
    process.__set_boot_low(static_cast<std::int64_t>(in.boot.low));
  }
  if (in.return_code) process.__set_return_code(*in.return_code);
  if (in.usage.known()) {
    process.__set_cpu_user(in.usage.user);
    process.__set_cpu_system(in.usage.system);
    process.__set_peak_memory(in.usage.peak);
  }
  out.__set_process(process);
}

void fill(thrifty::Record&, const ProcessSummary&) {
  std::abort();  // our streams for comparison have none
}

void fill(thrifty::Record&, const ProcessOrder&) {
  std::abort();  // our streams for comparison have none
}

void fill(thrifty::Record&, const ProcessReport&) {
  std::abort();  // our streams for comparison have none
}

void fill(thrifty::Record&, const Replacement&) {
  std::abort();  // our streams for comparison have none
}

void fill(thrifty::Record&, const Leadership&) {
  std::abort();  // our streams for comparison have none
}

void fill(thrifty::Record&, const NodeChange&) {
  std::abort();  // our streams for comparison have none
}

}  // namespace

const ScratchFile& thrift_file(const StreamShape& shape) {
  static std::map<StreamShape, std::unique_ptr<ScratchFile>> files;
  auto& file = files[shape];
  if (file) return *file;
  file = std::make_unique<ScratchFile>();
  const auto memory = std::make_shared<TMemoryBuffer>();
  Protocol protocol(memory);
  std::vector<std::byte> bytes;
  each_record(shape, [&](const Record& record) {
    thrifty::Record out;
    std::visit([&](const auto& part) { fill(out, part); }, record);
    memory->resetBuffer();
    out.write(&protocol);
    std::uint8_t* data = nullptr;
    std::uint32_t size = 0;
    memory->getBuffer(&data, &size);
    const std::uint32_t length = htonl(size);
    const Bytes prefix = std::as_bytes(std::span(&length, 1));
    const Bytes body = std::as_bytes(std::span(data, size));
    bytes.insert(bytes.end(), prefix.begin(), prefix.end());
    bytes.insert(bytes.end(), body.begin(), body.end());
    if (bytes.size() < (std::size_t{4} << 20)) return;
    file->append(bytes);
    bytes.clear();
  });
  file->append(bytes);
  return *file;
}

std::uint64_t read_thrift(int fd, std::size_t size) {
  const Mapping mapping(fd, size);
  const Bytes file = mapping.bytes();
  const auto memory = std::make_shared<TMemoryBuffer>();
  Protocol protocol(memory);
  std::unordered_map<std::string, std::int64_t> next;
  std::uint64_t records = 0;
  for (std::size_t at = 0; at < file.size();) {
    std::uint32_t length = 0;
    std::memcpy(&length, file.data() + at, sizeof length);
    length = ntohl(length);
    // OBSERVE: reads in place. The constructor takes non-const bytes but does not write to them.
    memory->resetBuffer(
        const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(file.data() + at + 4)),
        length, TMemoryBuffer::OBSERVE);
    at += 4 + length;
    thrifty::Record record;
    record.read(&protocol);
    ++records;
    if (!record.__isset.process) continue;
    if (record.process.seq != next[record.process.process]++) {
      std::fprintf(stderr, "thrift reader: a gap in a sequence\n");
      std::exit(1);
    }
  }
  return records;
}

}  // namespace thermos::bench
