#include "core/ancestor/checkpoint.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "core/ancestor/thrift.h"

namespace thermos::ancestor {
namespace {

constexpr std::size_t kLengthBytes = 4;
// Later times are wrong, and much later ones would overflow Microseconds.
constexpr double kLatest = 1e11;  // seconds

// The states by their numbers in the stream.
constexpr std::array kProcessStateOf = {
    ProcessState::Waiting, ProcessState::Forked, ProcessState::Running, ProcessState::Success,
    ProcessState::Killed,  ProcessState::Failed, ProcessState::Lost};
constexpr std::array kTaskStateOf = {TaskState::Active,    TaskState::Success, TaskState::Failed,
                                     TaskState::Killed,    TaskState::Lost,    TaskState::Cleaning,
                                     TaskState::Finalizing};

bool all_zeros(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::uint32_t length_at(Bytes bytes) {
  std::uint32_t length = 0;
  for (const std::byte byte : bytes.first(kLengthBytes)) {
    length = length << 8 | static_cast<std::uint32_t>(byte);
  }
  return length;
}

template <typename State, std::size_t N>
State state_of(ThriftReader& in, const std::array<State, N>& states, std::string_view what) {
  const std::int32_t number = in.i32();
  if (number >= 0 && static_cast<std::size_t>(number) < N) {
    return states[static_cast<std::size_t>(number)];
  }
  in.fail(std::string(what) + " " + std::to_string(number) + " is not known");
  return states.front();
}

Microseconds seconds(ThriftReader& in) {
  const double time = in.real();
  if (std::isfinite(time) && time >= 0 && time <= kLatest) {
    return static_cast<Microseconds>(std::llround(time * kSecond));
  }
  in.fail("a time that is none");
  return 0;
}

Microseconds milliseconds(ThriftReader& in) {
  const std::int64_t time = in.i64();
  if (time >= 0 && static_cast<double>(time) <= kLatest * 1000) return time * 1000;
  in.fail("a time that is none");
  return 0;
}

std::int32_t pid(ThriftReader& in) {
  const std::int32_t number = in.i32();
  if (number < 0) in.fail("a negative pid");
  return number;
}

std::map<std::string, std::uint16_t> ports(ThriftReader& in) {
  std::map<std::string, std::uint16_t> ports;
  const auto key = static_cast<ThriftType>(in.u8());
  const auto value = static_cast<ThriftType>(in.u8());
  constexpr std::size_t kLeast = 4 + 8;
  const std::size_t count = in.count(kLeast);
  if (count > 0 && (key != ThriftType::String || value != ThriftType::I64)) {
    in.fail("ports that are no map of names to numbers");
  }
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    std::string name = in.text();
    const std::int64_t port = in.i64();
    if (port < 1 || port > std::numeric_limits<std::uint16_t>::max()) {
      in.fail("a port that is none");
    }
    ports[std::move(name)] = static_cast<std::uint16_t>(port);
  }
  return ports;
}

// Reads the fields of a struct: `take` returns false for a field that it does not know.
template <typename Take>
void read_struct(ThriftReader& in, const Take& take) {
  ThriftType type = ThriftType::Stop;
  std::int16_t id = 0;
  while (in.field(type, id)) {
    if (!take(type, id)) in.skip(type);
  }
}

Header read_header(ThriftReader& in) {
  Header read;
  RunnerHeader& header = read.header;
  read_struct(in, [&](ThriftType type, std::int16_t id) {
    if (type == ThriftType::String) {
      switch (id) {
        case 1:
          header.task_id = in.text();
          return true;
        case 3:
          header.sandbox = in.text();
          return true;
        case 4:
          header.hostname = in.text();
          return true;
        case 5:
          header.user = in.text();
          return true;
        case 7:
          header.log_dir = in.text();
          return true;
        default:
          return false;
      }
    }
    if (type == ThriftType::I64 && id == 2) {
      header.launch_time = milliseconds(in);
    } else if (type == ThriftType::Map && id == 6) {
      header.ports = ports(in);
    } else if (type == ThriftType::I32 && id == 8) {
      header.uid = static_cast<std::uint32_t>(in.i32());
      read.has_uid = true;
    } else {
      return false;
    }
    return true;
  });
  // Its runs kept all of their output.
  header.keep_logs = 0;
  return read;
}

ProcessStep read_process(ThriftReader& in) {
  ProcessStep step;
  read_struct(in, [&](ThriftType type, std::int16_t id) {
    if (type == ThriftType::I64 && id == 1) {
      const std::int64_t seq = in.i64();
      if (seq < 0) in.fail("a negative sequence number");
      step.seq = static_cast<std::uint64_t>(seq);
    } else if (type == ThriftType::String && id == 3) {
      step.process = in.text();
    } else if (type == ThriftType::I32 && id == 5) {
      step.state = state_of(in, kProcessStateOf, "a process's state");
    } else if (type == ThriftType::Double && id == 6) {
      step.started = seconds(in);
    } else if (type == ThriftType::I32 && id == 7) {
      step.pid = pid(in);
    } else if (type == ThriftType::Double && id == 8) {
      step.stopped = seconds(in);
    } else if (type == ThriftType::I32 && id == 9) {
      step.return_code = in.i32();
    } else if (type == ThriftType::I32 && id == 10) {
      step.coordinator_pid = pid(in);
    } else if (type == ThriftType::Double && id == 11) {
      step.forked = seconds(in);
    } else {
      return false;
    }
    return true;
  });
  if (in.good() && step.process.empty()) in.fail("a process without a name");
  return step;
}

TaskStep read_task(ThriftReader& in) {
  TaskStep step;
  read_struct(in, [&](ThriftType type, std::int16_t id) {
    if (type == ThriftType::I32 && id == 1) {
      step.state = state_of(in, kTaskStateOf, "a task's state");
    } else if (type == ThriftType::I64 && id == 2) {
      step.at = milliseconds(in);
    } else if (type == ThriftType::I32 && id == 3) {
      step.runner_pid = pid(in);
    } else if (type == ThriftType::I32 && id == 4) {
      step.runner_uid = static_cast<std::uint32_t>(in.i32());
    } else {
      return false;
    }
    return true;
  });
  return step;
}

// Reads the struct of a frame, which holds exactly one record: a header, a process or a task.
Record read_record(ThriftReader& in) {
  Record record = TaskStep();
  int found = 0;
  read_struct(in, [&](ThriftType type, std::int16_t id) {
    if (type != ThriftType::Struct || id < 1 || id > 3) return false;
    ++found;
    if (id == 1) record = read_header(in);
    if (id == 2) record = read_process(in);
    if (id == 3) record = read_task(in);
    return true;
  });
  if (in.good() && found != 1) {
    in.fail(found == 0 ? "a record that tells nothing" : "a record that is several");
  }
  return record;
}

}  // namespace

bool is_stream(Bytes beginning) {
  constexpr std::size_t kEnough = 7;
  // A struct's first field: its type, and its number in two bytes.
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(beginning[at]); };
  if (beginning.size() >= kLengthBytes && length_at(beginning) > kMaxFrameBytes) return false;
  if (beginning.size() <= kLengthBytes) {
    // No file of this program begins with such a byte, except one of zeros.
    return !all_zeros(beginning) && byte(0) <= kMaxFrameBytes >> 24;
  }
  if (beginning.size() < kEnough) {
    return byte(4) == static_cast<unsigned>(ThriftType::Struct) &&
           (beginning.size() < 6 || byte(5) == 0);
  }
  return byte(4) == static_cast<unsigned>(ThriftType::Struct) && byte(5) == 0 && byte(6) >= 1 &&
         byte(6) <= 3;
}

Verdict Scanner::stop(Verdict verdict, std::string why) {
  stopped_ = verdict;
  why_ = std::move(why);
  return verdict;
}

Verdict Scanner::next() {
  if (stopped_) return *stopped_;
  const Bytes rest = bytes_.subspan(offset_);
  if (rest.empty()) return stop(Verdict::End, {});
  if (all_zeros(rest.first(std::min(rest.size(), kLengthBytes))) && all_zeros(rest)) {
    return stop(Verdict::Torn, std::to_string(rest.size()) + " zeros");
  }
  if (rest.size() < kLengthBytes) {
    return stop(Verdict::Torn, std::to_string(rest.size()) + " bytes of a record's length");
  }
  const std::uint32_t length = length_at(rest);
  if (length == 0 || length > kMaxFrameBytes) {
    return stop(Verdict::Corrupt, "a record can't be " + std::to_string(length) + " bytes long");
  }
  const Bytes after = rest.subspan(kLengthBytes);
  const bool whole = after.size() >= length;
  const Bytes payload = after.first(std::min<std::size_t>(after.size(), length));
  ThriftReader in(payload);
  Record record = read_record(in);
  if (!whole && (in.ended() || all_zeros(payload))) {
    return stop(Verdict::Torn, std::to_string(rest.size()) + " bytes of a record of " +
                                   std::to_string(kLengthBytes + length));
  }
  if (in.ended()) return stop(Verdict::Corrupt, "a record that ends inside a value");
  if (!in.good()) return stop(Verdict::Corrupt, in.why());
  if (!whole || in.left() > 0) {
    return stop(Verdict::Corrupt, "a record that is shorter than its length says");
  }
  record_ = std::move(record);
  record_offset_ = offset_;
  offset_ += kLengthBytes + length;
  return Verdict::Record;
}

}  // namespace thermos::ancestor
