#include "stile/ice/agent.hpp"

namespace stile::ice {

std::string_view to_string(Role role) {
  return role == Role::controlling ? "controlling" : "controlled";
}

std::string_view to_string(State state) {
  switch (state) {
    case State::idle:
      return "idle";
    case State::gathering:
      return "gathering";
    case State::checking:
      return "checking";
    case State::connected:
      return "connected";
    case State::completed:
      return "completed";
    case State::failed:
      return "failed";
    case State::closed:
      return "closed";
  }
  return "";
}

std::string_view to_string(PathHealth health) {
  switch (health) {
    case PathHealth::good:
      return "good";
    case PathHealth::degraded:
      return "degraded";
  }
  return "";
}

std::string_view to_string(PairState state) {
  switch (state) {
    case PairState::frozen:
      return "frozen";
    case PairState::waiting:
      return "waiting";
    case PairState::in_progress:
      return "in progress";
    case PairState::succeeded:
      return "succeeded";
    case PairState::failed:
      return "failed";
  }
  return "";
}

std::string explain(const PairReport& pair) {
  const std::string checks =
      std::to_string(pair.checks_sent) + (pair.checks_sent == 1 ? " check" : " checks");
  const auto ms = std::chrono::round<std::chrono::milliseconds>(pair.round_trip_time).count();
  const std::string works = "answers in " + std::to_string(ms) + " ms";
  if (pair.selected) return "selected; it " + works;
  if (pair.valid) return "works (" + works + "), but another one is better";
  switch (pair.problem) {
    case PairProblem::none:
      break;
    case PairProblem::no_answer:
      return pair.unsigned_answers > 0
                 ? std::string("the answers are not signed with the peer's password; is it right?")
                 : "no answer to " + checks;
    case PairProblem::error_answer:
      return "the peer refuses the check with " + std::to_string(pair.error);
    case PairProblem::asymmetric:
      return "the answer comes from another address than was asked";
    case PairProblem::not_needed:
      return "not needed: another pair was selected first";
    case PairProblem::not_connected:
      return "no TCP connection";
    case PairProblem::relay_refuses:
      return "the TURN server refuses the peer's address";
    case PairProblem::base_lost:
      return "what it leaves by is gone";
  }
  return pair.checks_sent == 0 ? "not tried yet" : "no answer yet to " + checks;
}

}  // namespace stile::ice
