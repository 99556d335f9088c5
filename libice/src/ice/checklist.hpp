#pragma once

#include <vector>

#include "stile/ice/agent.hpp"
#include "stile/stun/transaction.hpp"

namespace stile::ice {

/// A connectivity check that was sent and not answered yet.
struct Check {
  stun::TransactionId id;
  ByteVector bytes;
  stun::TransactionTimer timer;
  Role role;  ///< that it was sent in
  bool use_candidate = false;
  std::uint32_t nomination = 0;  ///< 0: not numbered
  bool retransmits = true;  ///< false for consent, and once a triggered check has replaced it; its
                            ///< answer still counts
};

using PairId = std::uint32_t;

/// RFC 8445 §6.1.2.2. Local and remote are indexes into the agent's candidates. An agent has many,
/// so members stand where they leave no holes.
struct CandidatePair {
  PairId id = 0;
  std::uint32_t local = 0;  ///< a base: host or relayed
  std::uint32_t remote = 0;
  std::uint32_t valid_local = 0;  ///< the local candidate that the peer sees
  std::uint32_t connection = 0;   ///< with TCP: index of the sockets and one; 0: there is none
  ComponentId component;
  PairState state = PairState::frozen;
  PairProblem problem = PairProblem::none;
  std::uint16_t error = 0;
  std::uint64_t priority = 0;
  std::string foundation;
  std::vector<Check> checks;  ///< the newest last
  unsigned checks_sent = 0;   ///< retransmissions counted
  unsigned responses_received = 0;
  unsigned unsigned_answers = 0;
  unsigned checks_received = 0;
  Instant last_sent{};
  Duration round_trip_time{};
  Duration total_round_trip_time{};
  Instant confirmed{};             ///< its last answer
  Instant last_heard{};            ///< the peer's last check on it
  std::uint64_t packets_sent = 0;  ///< application data
  std::uint64_t bytes_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t bytes_received = 0;

  std::uint32_t nomination = 0;  ///< number of its last nomination; 0: not numbered
  bool relayed = false;          ///< one end is a relayed candidate
  bool by_own_relay = false;     ///< the local end is
  bool tcp = false;
  bool valid = false;  ///< on the valid list (RFC 8445 §7.2.5.3.2)
  bool to_be_nominated =
      false;                ///< controlled: the peer sent USE-CANDIDATE before the pair was valid
  bool nominating = false;  ///< controlling: the next check carries USE-CANDIDATE
  bool was_selected = false;
};

inline void fail(CandidatePair& pair, PairProblem problem, std::uint16_t error = 0) {
  pair.state = PairState::failed;
  pair.problem = problem;
  pair.error = error;
}

/// The checklists of all data streams with their triggered-check queues (RFC 8445 §6.1.2, §6.1.4).
/// It knows states and order; what a check says is none of its business.
class ChecklistSet {
 public:
  ChecklistSet(std::size_t streams, std::size_t max_pairs)
      : checklists_(streams), max_pairs_(max_pairs) {}

  /// Inserts by priority; answers the pair, or nullptr if there is no room: at the limit a pair
  /// that failed goes, or that of lowest priority, which may be the new one (§6.1.2.5). `dropped`
  /// counts.
  CandidatePair* insert(CandidatePair pair, std::uint64_t& dropped);
  CandidatePair* find(PairId id);
  CandidatePair* find(std::size_t local, std::size_t remote);
  /// Of all streams, highest priority first.
  std::vector<CandidatePair>& pairs() { return pairs_; }
  const std::vector<CandidatePair>& pairs() const { return pairs_; }
  void sort();

  void trigger(CandidatePair& pair);
  void forget_triggers(PairId id);
  /// The next pair to check, §6.1.4.2: the checklists take turns; in each, triggered pairs come
  /// first, then Waiting ones, then one that thaws. `may_check` says whether a pair can be sent on
  /// yet.
  template <class MayCheck>
  CandidatePair* next(MayCheck&& may_check);
  /// Whether next() would find one.
  template <class MayCheck>
  bool has_next(MayCheck&& may_check);
  /// §7.2.5.3.3: a foundation that worked once is worth trying for all its pairs, whatever their
  /// stream.
  void unfreeze(const std::string& foundation);
  /// §8.1.2: the component has its pair; of pairs below it what has not been tried is dropped and
  /// nothing is sent again. `backups`: but for those that might take over, which go on.
  void conclude(ComponentId component, PairId selected, bool backups = false);
  void clear();

 private:
  struct Checklist {
    std::vector<PairId> triggered;
  };

  void set_initial_states();
  PairState state_of_newcomer(const CandidatePair& pair) const;
  bool make_room(CandidatePair& newcomer);
  bool foundation_is_active(const std::string& foundation) const;
  void thaw(std::size_t stream);
  template <class MayCheck>
  CandidatePair* peek(std::size_t stream, MayCheck&& may_check);
  std::vector<PairId> backups_of(const CandidatePair& winner) const;
  Checklist& checklist_of(const CandidatePair& pair) {
    return checklists_[pair.component.stream - 1u];
  }

  std::vector<Checklist> checklists_;  ///< by stream
  std::size_t turn_ = 0;               ///< whose turn it is, §6.1.4.2
  std::size_t max_pairs_;
  PairId last_id_ = 0;
  bool began_ = false;  ///< a pair has been picked; until then all are Frozen
  std::vector<CandidatePair> pairs_;
};

/// The pair that the checklist would pick; it stays where it is.
template <class MayCheck>
CandidatePair* ChecklistSet::peek(std::size_t stream, MayCheck&& may_check) {
  for (const PairId id : checklists_[stream].triggered)
    if (CandidatePair* pair = find(id); pair && may_check(*pair)) return pair;
  thaw(stream);
  for (CandidatePair& pair : pairs_) {
    const bool waits = pair.component.stream == stream + 1 && pair.state == PairState::waiting;
    if (waits && may_check(pair)) return &pair;
  }
  return nullptr;
}

template <class MayCheck>
bool ChecklistSet::has_next(MayCheck&& may_check) {
  if (!began_) set_initial_states();
  for (std::size_t stream = 0; stream < checklists_.size(); ++stream)
    if (peek(stream, may_check)) return true;
  return false;
}

template <class MayCheck>
CandidatePair* ChecklistSet::next(MayCheck&& may_check) {
  if (!began_) set_initial_states();
  for (std::size_t i = 0; i < checklists_.size(); ++i) {
    CandidatePair* pair = peek((turn_ + i) % checklists_.size(), may_check);
    if (!pair) continue;
    turn_ = (turn_ + i + 1) % checklists_.size();
    began_ = true;
    forget_triggers(pair->id);
    return pair;
  }
  return nullptr;
}

}  // namespace stile::ice
