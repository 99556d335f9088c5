#include "tests/unit/asio/session_pair.hpp"

namespace stile::ice::test {

Session::Callbacks SessionPair::callbacks(Side& own, Side& other) {
  return {
      .on_candidate =
          [&](const Candidate& each) {
            if (other.session) other.session->add_remote_candidate(each);
            if (&own == &a) on_candidate_of_a();
          },
      .on_gathering_done =
          [&] {
            if (other.session) other.session->end_of_remote_candidates();
          },
      .on_state =
          [&](State state, const std::string&) {
            if (&own == &a) on_state_of_a(state);
          },
      .on_selected = {},
      .on_server_failed = {},
      .on_data =
          [&](ComponentId, Bytes data) {
            own.received.emplace_back(as_text(data));
            if (&own == &a) on_data_of_a();
          },
  };
}

void SessionPair::meet() {
  a.session->set_remote_parameters({b.session->local_credentials()});
  b.session->set_remote_parameters({a.session->local_credentials()});
  a.session->gather(loopback);
  if (a.session) b.session->gather(loopback);
}

bool SessionPair::connect() {
  meet();
  return run_until([&] {
    return a.session->state() == State::completed && b.session->state() == State::completed;
  });
}

}  // namespace stile::ice::test
