// A daemon that has no descriptor left hears its clients again when it has.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "daemon_fixture.h"

namespace thermos {
namespace {

class DaemonDescriptorsTest : public DaemonFixture {
 protected:
  // What the daemon may have open from now on.
  void limit_descriptors(rlim_t soft) const {
    rlimit limit{};
    ASSERT_EQ(prlimit(daemon(), RLIMIT_NOFILE, nullptr, &limit), 0);
    limit.rlim_cur = soft == 0 ? limit.rlim_max : soft;
    ASSERT_EQ(prlimit(daemon(), RLIMIT_NOFILE, &limit, nullptr), 0);
  }
};

TEST_F(DaemonDescriptorsTest, WhoWaitsAtTheDoorIsTakenInLater) {
  start();
  limit_descriptors(3);
  ControlClient client = connect();
  ASSERT_TRUE(client.send(control::AskVersion{}).ok());
  ASSERT_TRUE(until_logged("cannot accept a client"));
  limit_descriptors(0);
  auto reply = client.receive(30 * kSecond);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  ASSERT_TRUE(*reply) << "no answer: it is deaf";
  EXPECT_TRUE(std::holds_alternative<control::Version>((*reply)->body));
  EXPECT_TRUE(until_logged("clients are accepted again"));
  EXPECT_FALSE(refused(control::AskVersion{}));
}

// What is printed there would get into whatever was opened under that number.
TEST_F(DaemonDescriptorsTest, AClosedStandardDescriptorIsFilled) {
  const Descriptor kept(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  ASSERT_TRUE(kept);
  close(STDOUT_FILENO);
  start();
  dup2(kept.get(), STDOUT_FILENO);
  EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(daemon()) + "/fd/1"),
            "/dev/null");
}

}  // namespace
}  // namespace thermos
