#include "ice/checklist.hpp"

#include <catch2/catch.hpp>

using namespace stile::ice;

namespace {

CandidatePair pair(std::uint16_t stream, std::uint16_t component, std::uint64_t priority,
                   const char* foundation) {
  CandidatePair made;
  made.local = made.remote = priority;
  made.component = {stream, component};
  made.priority = priority;
  made.foundation = foundation;
  return made;
}

/// A set of checklists, its pairs named by their priorities.
struct Checklists {
  explicit Checklists(std::size_t streams, std::size_t max_pairs = 100) : set(streams, max_pairs) {}

  void add(CandidatePair made) { set.insert(std::move(made), dropped); }
  CandidatePair& at(std::uint64_t priority) { return *set.find(priority, priority); }
  PairState state(std::uint64_t priority) { return at(priority).state; }
  /// The priority of the pair that is checked next; 0 if there is none.
  std::uint64_t next() {
    CandidatePair* picked = set.next([](const CandidatePair&) { return true; });
    if (!picked) return 0;
    picked->state = PairState::in_progress;
    return picked->priority;
  }
  void succeed(std::uint64_t priority) {
    at(priority).state = PairState::succeeded;
    set.unfreeze(at(priority).foundation);
  }

  ChecklistSet set;
  std::uint64_t dropped = 0;
};

}  // namespace

// The table of RFC 8445 §6.1.2.6: rows are checklists, columns foundations.
TEST_CASE("checklists: of each foundation the first pair waits, in whatever order they came",
          "[ice][rfc8445-6.1.2.6]") {
  Checklists lists(3);
  lists.add(pair(3, 1, 301, "f1"));
  lists.add(pair(3, 1, 305, "f5"));
  lists.add(pair(2, 1, 204, "f4"));
  lists.add(pair(2, 1, 203, "f3"));
  lists.add(pair(2, 1, 201, "f1"));
  lists.add(pair(1, 1, 103, "f3"));
  lists.add(pair(1, 1, 101, "f1"));
  CHECK(lists.state(101) == PairState::frozen);
  CHECK(lists.set.has_next([](const CandidatePair&) { return true; }));
  for (const int waiting : {101, 103, 204, 305}) CHECK(lists.state(waiting) == PairState::waiting);
  for (const int frozen : {201, 203, 301}) CHECK(lists.state(frozen) == PairState::frozen);
}

TEST_CASE(
    "checklists: of one foundation the lowest component comes first, then the highest priority",
    "[ice][rfc8445-6.1.2.6]") {
  Checklists lists(1);
  lists.add(pair(1, 2, 900, "f"));
  lists.add(pair(1, 1, 100, "f"));
  lists.add(pair(1, 1, 200, "f"));
  CHECK(lists.next() == 200);
  CHECK(lists.state(900) == PairState::frozen);
  CHECK(lists.state(100) == PairState::frozen);
}

TEST_CASE("checklists: success thaws the foundation in all streams", "[ice][rfc8445-7.2.5.3.3]") {
  Checklists lists(2);
  lists.add(pair(1, 1, 100, "f"));
  lists.add(pair(2, 1, 200, "f"));
  lists.add(pair(2, 1, 300, "g"));
  lists.add(pair(2, 1, 250, "g"));
  CHECK(lists.next() == 100);
  CHECK(lists.state(200) == PairState::frozen);
  lists.succeed(100);
  CHECK(lists.state(200) == PairState::waiting);
  CHECK(lists.state(250) == PairState::frozen);
}

TEST_CASE("checklists: streams take turns, one check for each", "[ice][rfc8445-6.1.4.2]") {
  Checklists lists(3);
  for (const std::uint64_t priority : {110, 120, 130})
    lists.add(pair(1, 1, priority, std::to_string(priority).c_str()));
  for (const std::uint64_t priority : {310, 320})
    lists.add(pair(3, 1, priority, std::to_string(priority).c_str()));
  CHECK(lists.next() == 130);
  CHECK(lists.next() == 320);
  CHECK(lists.next() == 120);
  CHECK(lists.next() == 310);
  CHECK(lists.next() == 110);
  CHECK(lists.next() == 0);
}

TEST_CASE("checklists: a triggered pair goes before all others of its stream, in order",
          "[ice][rfc8445-6.1.4.1]") {
  Checklists lists(1);
  for (const std::uint64_t priority : {10, 20, 30, 40})
    lists.add(pair(1, 1, priority, std::to_string(priority).c_str()));
  CHECK(lists.next() == 40);
  lists.set.trigger(lists.at(10));
  lists.set.trigger(lists.at(20));
  lists.set.trigger(lists.at(10));
  CHECK(lists.next() == 10);
  CHECK(lists.next() == 20);
  CHECK(lists.next() == 30);
}

TEST_CASE("checklists: a frozen pair thaws when nothing waits and nobody tries its foundation",
          "[ice][rfc8445-6.1.4.2]") {
  Checklists lists(2);
  lists.add(pair(1, 1, 100, "f"));
  lists.add(pair(2, 1, 200, "f"));
  CHECK(lists.next() == 100);
  CHECK(lists.next() == 0);  // the foundation is In-Progress in the other stream
  lists.at(100).state = PairState::failed;
  CHECK(lists.next() == 200);
}

TEST_CASE(
    "checklists: what comes later waits if it is the topmost or its foundation worked, else it is "
    "frozen",
    "[ice][rfc8838-12]") {
  Checklists lists(2);
  lists.add(pair(1, 1, 100, "f"));
  CHECK(lists.next() == 100);
  lists.add(pair(1, 2, 150, "f"));
  lists.add(pair(1, 1, 120, "f"));
  lists.add(pair(2, 1, 500, "g"));
  CHECK(lists.state(150) == PairState::frozen);   // rule 3
  CHECK(lists.state(120) == PairState::waiting);  // rule 1: it is above the first
  CHECK(lists.state(500) == PairState::waiting);  // rule 1: it is alone
  lists.succeed(100);
  lists.add(pair(2, 1, 90, "f"));
  CHECK(lists.state(90) == PairState::waiting);  // rule 2
}

TEST_CASE("checklists: at the limit failed pairs go first, then the lowest of the longest list",
          "[ice][rfc8838-10][rfc8445-6.1.2.5]") {
  Checklists lists(2, 4);
  for (const std::uint64_t priority : {10, 20, 30})
    lists.add(pair(1, 1, priority, std::to_string(priority).c_str()));
  lists.add(pair(2, 1, 5, "5"));
  lists.add(pair(2, 1, 6, "6"));
  CHECK_FALSE(lists.set.find(10, 10));
  CHECK(lists.set.find(5, 5));
  lists.at(30).state = PairState::failed;
  lists.add(pair(1, 1, 1, "1"));
  CHECK_FALSE(lists.set.find(30, 30));
  CHECK(lists.set.find(1, 1));
  lists.add(pair(1, 1, 1, "again"));
  CHECK(lists.set.pairs().size() == 4);
  CHECK(lists.dropped == 3);
}

TEST_CASE("checklists: a concluded component keeps its pair and sends no more",
          "[ice][rfc8445-8.1.2]") {
  Checklists lists(1);
  lists.add(pair(1, 1, 10, "a"));
  lists.add(pair(1, 1, 20, "b"));
  lists.add(pair(1, 2, 30, "c"));
  lists.set.trigger(lists.at(10));
  lists.set.conclude({1, 1}, lists.at(20).id);
  CHECK(lists.state(10) == PairState::failed);
  CHECK(lists.next() == 30);
}
