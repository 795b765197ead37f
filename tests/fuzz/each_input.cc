// Gives a fuzzer's function each file of the directories that are named, without libFuzzer.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  try {
    std::vector<std::filesystem::path> inputs;
    for (int i = 1; i < argc; ++i) {
      if (!std::filesystem::exists(argv[i])) continue;  // a fuzzer that begins with nothing
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (entry.is_regular_file()) inputs.push_back(entry.path());
      }
    }
    std::sort(inputs.begin(), inputs.end());
    // What is given first is what libFuzzer begins with.
    LLVMFuzzerTestOneInput(nullptr, 0);
    for (const auto& input : inputs) {
      // Said before, so that an input that aborts is the last one named.
      std::printf("%s\n", input.c_str());
      std::fflush(stdout);
      std::ifstream file(input, std::ios::binary);
      const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
