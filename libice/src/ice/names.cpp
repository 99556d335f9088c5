#include "stile/ice/agent.hpp"

namespace stile::ice {

std::string_view to_string(State state) {
  switch (state) {
    case State::idle: return "idle";
    case State::gathering: return "gathering";
    case State::checking: return "checking";
    case State::connected: return "connected";
    case State::completed: return "completed";
    case State::failed: return "failed";
    case State::closed: return "closed";
  }
  return "";
}

std::string_view to_string(PairState state) {
  switch (state) {
    case PairState::frozen: return "frozen";
    case PairState::waiting: return "waiting";
    case PairState::in_progress: return "in progress";
    case PairState::succeeded: return "succeeded";
    case PairState::failed: return "failed";
  }
  return "";
}

}  // namespace stile::ice
