// The two machines that carry files, each alone, and both together over a pipe that ends at any
// moment: a file is at the other end whole or not at all, and what is over has an answer.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "core/runner/file_receiving.h"
#include "core/runner/file_sending.h"

namespace thermos::carry {
namespace {

// One letter for each effect.
std::string names(const std::vector<SendingEffect>& effects) {
  constexpr std::string_view kLetters = "OfsCDRX";
  std::string all;
  for (const SendingEffect& effect : effects) all += kLetters[effect.index()];
  return all;
}
std::string names(const std::vector<ReceivingEffect>& effects) {
  constexpr std::string_view kLetters = "LBWPDAR";
  std::string all;
  for (const ReceivingEffect& effect : effects) all += kLetters[effect.index()];
  return all;
}

Carry two_files(bool insists = false) {
  return {{1, 0, {"a", "b"}, insists}};
}

TEST(FileSending, OneFileAfterTheOther) {
  FileSending sending;
  EXPECT_EQ(names(sending.handle(two_files())), "O");
  EXPECT_EQ(names(sending.handle(Opened{})), "f");
  EXPECT_EQ(names(sending.handle(Replied{1, Reply::Wanted, {}})), "s");
  EXPECT_EQ(names(sending.handle(Sent{})), "C");
  EXPECT_EQ(sending.state(), SendingState::Placing);
  const auto second = sending.handle(Replied{1, Reply::There, {}});
  ASSERT_EQ(names(second), "O");
  EXPECT_EQ(std::get<Open>(second[0]).path, "b");
  sending.handle(Opened{});
  // It is there already: nothing is sent.
  const auto over = sending.handle(Replied{2, Reply::There, {}});
  ASSERT_EQ(names(over), "CX");
  EXPECT_FALSE(std::get<Over>(over[1]).failure.has_value());
  EXPECT_EQ(sending.state(), SendingState::Idle);
}

TEST(FileSending, RunsInTheirOrder) {
  FileSending sending;
  sending.handle(Carry{{1, 0, {"a"}, false}});
  EXPECT_EQ(names(sending.handle(Carry{{2, 0, {"b"}, false}})), "");
  EXPECT_TRUE(sending.has(2, 0));
  EXPECT_FALSE(sending.has(2, 1));
  EXPECT_EQ(names(sending.handle(NotOpened{{false, "gone"}})), "XO");
  EXPECT_FALSE(sending.has(1, 0));
}

TEST(FileSending, NoFilesAreCarriedAtOnce) {
  FileSending sending;
  EXPECT_EQ(names(sending.handle(Carry{{1, 0, {}, false}})), "X");
}

TEST(FileSending, AFailureIsTheRuns) {
  for (const bool retry : {true, false}) {
    FileSending sending;
    sending.handle(two_files());
    sending.handle(Opened{});
    const auto failed = sending.handle(Replied{1, Reply::Failed, {retry, "full"}});
    ASSERT_EQ(names(failed), "CX");
    const auto& over = std::get<Over>(failed[1]);
    EXPECT_EQ(over.failure->retry, retry);
    EXPECT_EQ(over.failure->reason, "full");
    EXPECT_EQ(over.cargo.paths, (std::vector<std::string>{"a", "b"}));
  }
}

TEST(FileSending, WhoInsistsTriesAgain) {
  FileSending sending;
  sending.handle(two_files(true));
  sending.handle(Opened{});
  sending.handle(Replied{1, Reply::Wanted, {}});
  EXPECT_EQ(names(sending.handle(Replied{1, Reply::Failed, {true, "full"}})), "CR");
  EXPECT_EQ(names(sending.handle(Sent{})), "");
  EXPECT_EQ(names(sending.handle(Rested{})), "O");
  EXPECT_EQ(names(sending.handle(NotOpened{{true, "no descriptor"}})), "R");
  sending.handle(Rested{});
  EXPECT_EQ(names(sending.handle(NotOpened{{false, "not there"}})), "X");
}

TEST(FileSending, WhatChangesIsSentAgainButNotForEver) {
  FileSending sending;
  sending.handle(two_files());
  for (std::uint64_t number = 1; number < 5; ++number) {
    EXPECT_EQ(names(sending.handle(Opened{})), "f");
    sending.handle(Replied{number, Reply::Wanted, {}});
    EXPECT_EQ(names(sending.handle(Changed{})), "CO") << number;
  }
  sending.handle(Opened{});
  sending.handle(Replied{5, Reply::Wanted, {}});
  const auto failed = sending.handle(Changed{});
  ASSERT_EQ(names(failed), "CDX");
  EXPECT_EQ(std::get<Over>(failed[2]).failure->reason,
            "it changes again and again while it is read: 'a'");
}

TEST(FileSending, WhatCannotBeReadToItsEnd) {
  FileSending sending;
  sending.handle(two_files());
  sending.handle(Opened{});
  sending.handle(Replied{1, Reply::Wanted, {}});
  EXPECT_EQ(names(sending.handle(NotRead{{false, "a bad disk"}})), "CDX");
}

TEST(FileSending, WhatIsNotWantedAnyMore) {
  FileSending sending;
  EXPECT_EQ(names(sending.handle(Forget{1, 0})), "");
  sending.handle(two_files());
  sending.handle(Carry{{2, 0, {"c"}, false}});
  EXPECT_EQ(names(sending.handle(Forget{2, 0})), "");
  EXPECT_FALSE(sending.has(2, 0));
  sending.handle(Carry{{3, 0, {"d"}, false}});
  sending.handle(Opened{});
  EXPECT_EQ(names(sending.handle(Forget{1, 1})), "");
  EXPECT_EQ(names(sending.handle(Forget{1, 0})), "CDO");
  sending.handle(Opened{});
  // It answers the offer that is dropped.
  EXPECT_EQ(names(sending.handle(Replied{1, Reply::There, {}})), "");
  EXPECT_EQ(names(sending.handle(Replied{2, Reply::There, {}})), "CX");
}

TEST(FileSending, WhatComesLateIsIgnored) {
  FileSending sending;
  EXPECT_EQ(names(sending.handle(Opened{})), "");
  EXPECT_EQ(names(sending.handle(NotOpened{})), "");
  EXPECT_EQ(names(sending.handle(Changed{})), "");
  EXPECT_EQ(names(sending.handle(NotRead{})), "");
  EXPECT_EQ(names(sending.handle(Rested{})), "");
  EXPECT_EQ(names(sending.handle(Replied{0, Reply::There, {}})), "");
  sending.handle(two_files());
  sending.handle(Opened{});
  sending.handle(Replied{1, Reply::Wanted, {}});
  EXPECT_EQ(names(sending.handle(Replied{1, Reply::Wanted, {}})), "");
}

// ---- receiving ---------------------------------------------------------------------------------

Reply reply_of(const std::vector<ReceivingEffect>& effects) {
  return std::get<Answer>(effects.back()).reply;
}

TEST(FileReceiving, AWholeFile) {
  FileReceiving receiving;
  EXPECT_EQ(names(receiving.handle(Offered{1, "a", {5, 0, 0, 0600}})), "L");
  EXPECT_EQ(names(receiving.handle(Looked{false})), "B");
  auto effects = receiving.handle(Done{});
  ASSERT_EQ(names(effects), "A");
  EXPECT_EQ(reply_of(effects), Reply::Wanted);
  EXPECT_EQ(names(receiving.handle(PieceCame{1, 0, 3})), "W");
  EXPECT_EQ(names(receiving.handle(Done{})), "");
  EXPECT_EQ(names(receiving.handle(PieceCame{1, 3, 2})), "W");
  receiving.handle(Done{});
  EXPECT_EQ(names(receiving.handle(EndCame{1, {}})), "P");
  effects = receiving.handle(Done{});
  ASSERT_EQ(names(effects), "A");
  EXPECT_EQ(reply_of(effects), Reply::There);
  EXPECT_EQ(receiving.state(), ReceivingState::Idle);
}

TEST(FileReceiving, TheSameFileIsNotCopied) {
  FileReceiving receiving;
  receiving.handle(Offered{1, "a", {5, 0, 0, 0600}});
  const auto effects = receiving.handle(Looked{true});
  ASSERT_EQ(names(effects), "A");
  EXPECT_EQ(reply_of(effects), Reply::There);
}

TEST(FileReceiving, WhatIsTheSame) {
  const FileFacts facts{5, 6, 7, 0644};
  FileFacts other = facts;
  other.mode = 0600;
  EXPECT_TRUE(is_same_file(facts, other));
  other = facts;
  ++other.size;
  EXPECT_FALSE(is_same_file(facts, other));
  other = facts;
  ++other.mtime;
  EXPECT_FALSE(is_same_file(facts, other));
  other = facts;
  ++other.inode;
  EXPECT_FALSE(is_same_file(facts, other));
}

TEST(FileReceiving, AFailureAtEachStep) {
  for (int step = 0; step < 4; ++step) {
    FileReceiving receiving;
    receiving.handle(Offered{1, "a", {5, 0, 0, 0600}});
    if (step > 0) receiving.handle(Looked{false});
    if (step > 1) receiving.handle(Done{});
    if (step > 1) receiving.handle(PieceCame{1, 0, 5});
    if (step > 2) receiving.handle(Done{});
    if (step > 2) receiving.handle(EndCame{1, {}});
    const auto effects = receiving.handle(NotDone{{true, "full"}});
    EXPECT_EQ(names(effects), step < 2 ? "A" : "DA");
    EXPECT_EQ(reply_of(effects), Reply::Failed);
    // What was on its way meets nobody.
    EXPECT_EQ(names(receiving.handle(PieceCame{1, 5, 1})), "");
    EXPECT_EQ(names(receiving.handle(EndCame{1, {}})), "");
    EXPECT_EQ(names(receiving.handle(NotDone{})), "");
    EXPECT_EQ(names(receiving.handle(Looked{})), "");
    EXPECT_EQ(names(receiving.handle(Done{})), "");
  }
}

TEST(FileReceiving, ANewOfferTakesThePlaceOfTheOld) {
  FileReceiving receiving;
  receiving.handle(Offered{1, "a", {5, 0, 0, 0600}});
  receiving.handle(Looked{false});
  receiving.handle(Done{});
  EXPECT_EQ(names(receiving.handle(Offered{2, "b", {5, 0, 0, 0600}})), "DL");
  receiving.handle(Looked{false});
  receiving.handle(Done{});
  EXPECT_EQ(names(receiving.handle(PieceCame{1, 0, 5})), "");
  EXPECT_EQ(names(receiving.handle(EndCame{1, {}})), "");
  EXPECT_EQ(names(receiving.handle(Dropped{1})), "");
  EXPECT_EQ(names(receiving.handle(Dropped{2})), "D");
  EXPECT_EQ(names(receiving.handle(Dropped{2})), "");
}

TEST(FileReceiving, WhatHasNoPlaceInTheFileIsRefused) {
  for (const PieceCame piece : {PieceCame{1, 1, 1}, PieceCame{1, 0, 6}}) {
    FileReceiving receiving;
    receiving.handle(Offered{1, "a", {5, 0, 0, 0600}});
    receiving.handle(Looked{false});
    receiving.handle(Done{});
    EXPECT_EQ(names(receiving.handle(piece)), "R");
  }
  FileReceiving receiving;
  receiving.handle(Offered{1, "a", {5, 0, 0, 0600}});
  receiving.handle(Looked{false});
  receiving.handle(Done{});
  EXPECT_EQ(names(receiving.handle(EndCame{1, {}})), "R");
}

// ---- both --------------------------------------------------------------------------------------

// Two ends, their disks and the pipe between them, and everything that can go wrong.
class Ends {
 public:
  explicit Ends(std::uint32_t seed) : dice_(seed) {}

  void run() {
    const int runs = 3 + static_cast<int>(dice_() % 4);
    for (int run = 0; run < runs; ++run) {
      Cargo cargo{0, static_cast<std::uint32_t>(run), {}, dice_() % 2 == 0};
      for (std::uint32_t file = 0; file < 1 + dice_() % 3; ++file) {
        const std::string path = "f" + std::to_string(dice_() % 4);
        if (std::find(cargo.paths.begin(), cargo.paths.end(), path) == cargo.paths.end()) {
          cargo.paths.push_back(path);
          here_.try_emplace(path, std::string(dice_() % 20, 'a'));
        }
      }
      wanted_.push_back(cargo);
    }
    connect();
    for (int step = 0; step < 100'000 && !wanted_.empty(); ++step) take_step(step < 2000);
    EXPECT_TRUE(wanted_.empty()) << "nothing happens any more";
  }

 private:
  using Message = std::variant<Offered, PieceCame, EndCame, Dropped>;

  bool now_and_then(std::uint32_t of) { return faults_ && dice_() % of == 0; }

  // A new pipe: both ends begin anew, and all that is not over is asked for again.
  void connect() {
    sender_ = {};
    receiver_ = {};
    to_receiver_.clear();
    to_sender_.clear();
    reading_.reset();
    resting_ = false;
    aside_.reset();
    for (const Cargo& cargo : std::vector<Cargo>(wanted_)) send(Carry{cargo});
  }

  void take_step(bool faults) {
    faults_ = faults;
    if (now_and_then(60)) return connect();
    if (now_and_then(40)) {
      std::string& file = here_.begin()->second;
      file += static_cast<char>('b' + dice_() % 20);
      ++versions_[here_.begin()->first];
    }
    switch (dice_() % 4) {
      case 0:
        if (!to_receiver_.empty()) {
          const auto [message, bytes] = to_receiver_.front();
          to_receiver_.pop_front();
          piece_ = bytes;
          std::visit([this](const auto& one) { receive(one); }, message);
        }
        return;
      case 1:
        if (!to_sender_.empty()) {
          const Replied reply = to_sender_.front();
          to_sender_.pop_front();
          send(reply);
        }
        return;
      case 2:
        if (resting_) {
          resting_ = false;
          send(Rested{});
        }
        return;
      default:
        if (reading_) read_piece();
        return;
    }
  }

  void read_piece() {
    if (now_and_then(30)) return send(NotRead{{dice_() % 2 == 0, "a bad disk"}});
    if (versions_[open_.path] != version_) return send(Changed{});
    const std::string& file = here_[open_.path];
    const std::size_t size = std::min<std::size_t>(7, file.size() - at_);
    if (size > 0) {
      to_receiver_.emplace_back(PieceCame{*reading_, at_, size}, file.substr(at_, size));
      at_ += size;
      return;
    }
    to_receiver_.emplace_back(EndCame{*reading_, {}}, file);
    send(Sent{});
  }

  FileFacts facts() {
    return {here_[open_.path].size(), static_cast<std::int64_t>(versions_[open_.path]), 1, 0600};
  }

  void send(const SendingEvent& event) {
    std::deque<SendingEvent> events = {event};
    while (!events.empty()) {
      for (const SendingEffect& effect : sender_.handle(events.front())) {
        if (const auto* open = std::get_if<Open>(&effect)) {
          open_ = *open;
          version_ = versions_[open->path];
          if (now_and_then(20)) {
            events.emplace_back(NotOpened{{dice_() % 2 == 0, "no descriptor"}});
          } else {
            events.emplace_back(Opened{});
          }
        } else if (const auto* offer = std::get_if<Offer>(&effect)) {
          to_receiver_.emplace_back(Offered{offer->number, open_.path, facts()}, "");
        } else if (const auto* begin = std::get_if<Send>(&effect)) {
          reading_ = begin->number;
          at_ = 0;
        } else if (std::holds_alternative<Close>(effect)) {
          reading_.reset();
        } else if (const auto* drop = std::get_if<Drop>(&effect)) {
          to_receiver_.emplace_back(Dropped{drop->number}, "");
        } else if (std::holds_alternative<Rest>(effect)) {
          resting_ = true;
        } else {
          over(std::get<Over>(effect));
        }
      }
      events.pop_front();
    }
  }

  void over(const Over& over) {
    const auto is_it = [&over](const Cargo& cargo) { return cargo.run == over.cargo.run; };
    EXPECT_EQ(std::erase_if(wanted_, is_it), 1u);
    if (over.failure) {
      EXPECT_FALSE(over.failure->retry && over.cargo.insists);
      return;
    }
    for (const std::string& path : over.cargo.paths) EXPECT_TRUE(there_.contains(path)) << path;
  }

  void receive(ReceivingEvent event) {
    for (std::optional<ReceivingEvent> next = event; next;) {
      const auto effects = receiver_.handle(*next);
      next.reset();
      for (const ReceivingEffect& effect : effects) {
        EXPECT_FALSE(next.has_value()) << "behind what has an answer";
        next = carry_out(effect);
      }
    }
  }

  std::optional<ReceivingEvent> done() {
    if (now_and_then(20)) return NotDone{{dice_() % 2 == 0, "full"}};
    return Done{};
  }

  std::optional<ReceivingEvent> carry_out(const ReceivingEffect& effect) {
    if (const auto* look = std::get_if<carry::Look>(&effect)) {
      path_ = look->path;
      return Looked{now_and_then(8) && there_.contains(path_)};
    }
    if (std::holds_alternative<Begin>(effect)) {
      EXPECT_FALSE(aside_.has_value());
      auto answer = done();
      if (std::holds_alternative<Done>(*answer)) aside_.emplace();
      return answer;
    }
    if (std::holds_alternative<Write>(effect)) {
      *aside_ += piece_;
      return done();
    }
    if (std::holds_alternative<Place>(effect)) {
      auto answer = done();
      if (std::holds_alternative<NotDone>(*answer)) return answer;
      EXPECT_EQ(*aside_, piece_);  // with the end comes what the whole was
      there_[path_] = *aside_;
      aside_.reset();
      return answer;
    }
    if (std::holds_alternative<Discard>(effect)) {
      EXPECT_TRUE(aside_.has_value());
      aside_.reset();
    } else if (const auto* answer = std::get_if<Answer>(&effect)) {
      to_sender_.push_back({answer->number, answer->reply, answer->failure});
    } else {
      ADD_FAILURE() << std::get<Refuse>(effect).why;
    }
    return std::nullopt;
  }

  std::mt19937 dice_;
  bool faults_ = true;
  std::vector<Cargo> wanted_;
  FileSending sender_;
  FileReceiving receiver_;
  std::deque<std::pair<Message, std::string>> to_receiver_;
  std::deque<Replied> to_sender_;
  std::map<std::string, std::string> here_;
  std::map<std::string, std::uint64_t> versions_;
  std::map<std::string, std::string> there_;
  Open open_;
  std::uint64_t version_ = 0;
  std::optional<std::uint64_t> reading_;
  std::size_t at_ = 0;
  bool resting_ = false;
  std::string piece_;
  std::string path_;
  std::optional<std::string> aside_;
};

TEST(FileCarrying, WholeOrNotAtAllWhateverHappens) {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    Ends(seed).run();
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "seed " << seed;
      return;
    }
  }
}

}  // namespace
}  // namespace thermos::carry
