// A scope is asked for while the loop goes on, whatever systemd does.
#include "reactor/launch/systemd_scope.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reactor/os/descriptor.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

constexpr const char* kJob = "/org/freedesktop/systemd1/job/7";

// systemd, on the same loop: it answers when it is told to.
class ScopeStartTest : public StreamFixture {
 protected:
  void SetUp() override {
    StreamFixture::SetUp();
    const char* before = std::getenv("XDG_RUNTIME_DIR");
    if (before != nullptr) before_ = before;
    setenv("XDG_RUNTIME_DIR", path("").c_str(), 1);
    std::filesystem::create_directories(path("systemd"));
  }
  void TearDown() override {
    if (before_)
      setenv("XDG_RUNTIME_DIR", before_->c_str(), 1);
    else
      unsetenv("XDG_RUNTIME_DIR");
    manager_poll_.reset();
    listener_poll_.reset();
    sd_bus_close_unref(manager_);
    StreamFixture::TearDown();
  }

  void listen() {
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = path("systemd/private");
    ASSERT_LT(name.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
    ASSERT_EQ(bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    ASSERT_EQ(::listen(listener_.get(), 4), 0);
    listener_poll_ = std::make_unique<Poll>(loop_, listener_.get(), [this](int) { accept(); });
  }
  void accept() {
    const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ASSERT_GE(fd, 0);
    ASSERT_GE(sd_bus_new(&manager_), 0);
    ASSERT_GE(sd_bus_set_fd(manager_, fd, fd), 0);
    sd_id128_t id{};
    ASSERT_GE(sd_bus_set_server(manager_, 1, id), 0);
    ASSERT_GE(sd_bus_start(manager_), 0);
    ASSERT_GE(sd_bus_add_filter(manager_, nullptr, on_message, this), 0);
    manager_poll_ = std::make_unique<Poll>(loop_, fd, [this](int) { process(); });
    process();
  }
  void process() {
    while (sd_bus_process(manager_, nullptr) > 0) {
    }
    if (sd_bus_flush(manager_) < 0) manager_poll_.reset();
  }
  static int on_message(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
    auto& self = *static_cast<ScopeStartTest*>(data);
    if (sd_bus_message_is_method_call(message, "org.freedesktop.systemd1.Manager",
                                      "StartTransientUnit") == 0) {
      return 0;
    }
    const char* name = nullptr;
    sd_bus_message_read(message, "ss", &name, nullptr);
    self.asked_for_ = name;
    self.on_asked_(message);
    return 1;
  }
  void reply_job(sd_bus_message* call) {
    ASSERT_GE(sd_bus_reply_method_return(call, "o", kJob), 0);
  }
  void job_is_done(const char* job = kJob) {
    ASSERT_GE(sd_bus_emit_signal(manager_, "/org/freedesktop/systemd1",
                                 "org.freedesktop.systemd1.Manager", "JobRemoved", "uoss", 7U, job,
                                 "x.scope", "done"),
              0);
    sd_bus_flush(manager_);
  }

  void unit_is_removed(const char* name) {
    ASSERT_GE(sd_bus_emit_signal(manager_, "/org/freedesktop/systemd1",
                                 "org.freedesktop.systemd1.Manager", "UnitRemoved", "so", name,
                                 "/org/freedesktop/systemd1/unit/x"),
              0);
    sd_bus_flush(manager_);
  }

  static ScopeRequest request() { return {"x.scope", "x.slice", getpid(), true}; }
  void begin(Microseconds patience = 600 * kSecond) {
    auto start = ScopeStart::begin(
        loop_, deadlines_, request(), [this] { return moves_in_; },
        [this](const Status& status) {
          EXPECT_FALSE(result_) << "said twice";
          result_ = status;
          start_.reset();
          loop_.stop();
        },
        patience);
    ASSERT_TRUE(start.ok()) << start.error().message;
    start_ = std::move(*start);
  }

  Loop loop_;
  Deadlines deadlines_{loop_};
  TurnEnd turn_end_{loop_, [this] { loop_.end_turn(); }};
  std::optional<std::string> before_;
  Descriptor listener_;
  std::unique_ptr<Poll> listener_poll_;
  sd_bus* manager_ = nullptr;
  std::unique_ptr<Poll> manager_poll_;
  std::function<void(sd_bus_message*)> on_asked_;
  std::string asked_for_;
  bool moves_in_ = false;  // into a scope that is there
  std::unique_ptr<ScopeStart> start_;
  std::optional<Status> result_;
};

TEST_F(ScopeStartTest, TheLoopGoesOnUntilItStands) {
  listen();
  std::vector<std::string> order;
  on_asked_ = [&](sd_bus_message* call) {
    order.emplace_back("asked");
    reply_job(call);
    job_is_done("/org/freedesktop/systemd1/job/6");  // another's
    // What comes due meanwhile is not held up.
    deadlines_.add(loop_.now().boot + 1, [&] {
      order.emplace_back("meanwhile");
      EXPECT_FALSE(result_);
      job_is_done();
    });
  };
  begin();
  EXPECT_FALSE(result_) << "only from the loop";
  loop_.run();
  ASSERT_TRUE(result_);
  EXPECT_TRUE(result_->ok()) << result_->error().message;
  EXPECT_EQ(asked_for_, "x.scope");
  EXPECT_EQ(order, (std::vector<std::string>{"asked", "meanwhile"}));
}

// systemd may be through before its answer is read.
TEST_F(ScopeStartTest, TheJobMayBeDoneBeforeItsName) {
  listen();
  on_asked_ = [&](sd_bus_message* call) {
    job_is_done();
    reply_job(call);
  };
  begin();
  loop_.run();
  ASSERT_TRUE(result_);
  EXPECT_TRUE(result_->ok());
}

TEST_F(ScopeStartTest, ARefusalIsSaid) {
  listen();
  on_asked_ = [&](sd_bus_message* call) {
    sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.UnitMasked", "it is masked");
  };
  begin();
  loop_.run();
  ASSERT_TRUE(result_ && !result_->ok());
  EXPECT_EQ(result_->error().message, "systemd does not start x.scope: it is masked");
}

// The scope of an earlier fork server ends with it, and systemd takes a moment to see that.
TEST_F(ScopeStartTest, OneThatEndsIsWaitedFor) {
  listen();
  int asked = 0;
  on_asked_ = [&](sd_bus_message* call) {
    if (++asked == 1) {
      sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.UnitExists", "it is there");
      unit_is_removed("y.scope");  // another
      deadlines_.add(loop_.now().boot + 1, [&] {
        EXPECT_EQ(asked, 1);
        unit_is_removed("x.scope");
      });
      return;
    }
    reply_job(call);
    job_is_done();
  };
  begin();
  loop_.run();
  ASSERT_TRUE(result_);
  EXPECT_TRUE(result_->ok()) << result_->error().message;
  EXPECT_EQ(asked, 2);
}

TEST_F(ScopeStartTest, OneThatIsThereIsUsed) {
  listen();
  on_asked_ = [&](sd_bus_message* call) {
    sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.UnitExists", "it is there");
  };
  moves_in_ = true;
  begin();
  loop_.run();
  ASSERT_TRUE(result_);
  EXPECT_TRUE(result_->ok()) << result_->error().message;
}

TEST_F(ScopeStartTest, OneThatStaysIsSaidToBeThere) {
  listen();
  on_asked_ = [&](sd_bus_message* call) {
    sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.UnitExists", "it is there");
  };
  begin(kSecond);  // the first answer has to be heard in it
  loop_.run();
  ASSERT_TRUE(result_ && !result_->ok());
  EXPECT_EQ(result_->error().message, "systemd does not start x.scope: it is there");
}

TEST_F(ScopeStartTest, SoIsAnEndOfTheConnection) {
  listen();
  on_asked_ = [&](sd_bus_message*) { shutdown(sd_bus_get_fd(manager_), SHUT_RDWR); };
  begin();
  loop_.run();
  ASSERT_TRUE(result_ && !result_->ok());
  EXPECT_NE(result_->error().message.find("x.scope"), std::string::npos)
      << result_->error().message;
}

TEST_F(ScopeStartTest, AndThatItDoesNotGetToIt) {
  listen();
  on_asked_ = [&](sd_bus_message* call) { reply_job(call); };
  begin(kSecond / 100);
  loop_.run();
  ASSERT_TRUE(result_ && !result_->ok());
  EXPECT_EQ(result_->error().message, "systemd did not start x.scope in time");
}

TEST_F(ScopeStartTest, WhereNobodyListensItIsAnErrorAtOnce) {
  auto start = ScopeStart::begin(
      loop_, deadlines_, request(), [] { return true; }, [](const Status&) { FAIL(); });
  ASSERT_FALSE(start.ok());
  EXPECT_NE(start.error().message.find("systemd/private"), std::string::npos)
      << start.error().message;
}

// Neither the answer that is on the way nor the time that is over.
TEST_F(ScopeStartTest, GivenUpItSaysNothing) {
  listen();
  on_asked_ = [&](sd_bus_message* call) {
    job_is_done();
    reply_job(call);
    start_.reset();
    deadlines_.add(loop_.now().boot + kSecond / 50, [&] { loop_.stop(); });
  };
  begin(kSecond / 100);
  loop_.run();
  EXPECT_FALSE(result_);
}

}  // namespace
}  // namespace thermos
