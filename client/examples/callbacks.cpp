// Two ICE sessions that trickle their candidates to each other. In an application they are in two
// programs, and what one tells the other goes through its signalling.

#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "stile/asio/session.hpp"

using namespace stile;

class Peer {
 public:
  Peer(boost::asio::io_context& context, const char* name, ice::Role role)
      : name_(name), session_(context.get_executor(), configuration(role), callbacks()) {}

  void meet(Peer& other) {
    other_ = &other;
    session_.set_remote_parameters({other.session_.local_credentials()});
    session_.gather({.loopback = true});  // this example needs no network
  }

 private:
  static ice::Config configuration(ice::Role role) {
    ice::Config config;
    config.role = role;
    config.trickle = true;
    // config.stun_servers = {*TransportAddress::parse("203.0.113.10:3478")};
    // config.turn_servers = {{*TransportAddress::parse("203.0.113.10:3478"), {"user",
    // "password"}}};
    return config;
  }
  ice::Session::Callbacks callbacks() {
    return {
        .on_candidate =
            [this](const ice::Candidate& each) { other_->session_.add_remote_candidate(each); },
        .on_gathering_done = [this] { other_->session_.end_of_remote_candidates(); },
        .on_state = [this](ice::State state,
                           const std::string& reason) { take_state(state, reason); },
        .on_data = [this](ice::ComponentId, Bytes data) { take_data(data); },
    };
  }
  void take_state(ice::State state, const std::string& reason) {
    if (state == ice::State::connected) session_.send(as_bytes("hello"));
    if (state == ice::State::failed) std::printf("%s failed: %s\n", name_, reason.c_str());
  }
  void take_data(Bytes data) {
    std::printf("%s hears: %.*s\n", name_, static_cast<int>(data.size()), as_text(data).data());
    has_heard_ = true;
    if (!other_->has_heard_) return;
    session_.close();  // nothing is left to do, so the io_context's run() ends
    other_->session_.close();
  }

  const char* name_;
  Peer* other_ = nullptr;
  bool has_heard_ = false;
  ice::Session session_;
};

int main() {
  boost::asio::io_context context(1);
  Peer a(context, "a", ice::Role::controlling);
  Peer b(context, "b", ice::Role::controlled);
  a.meet(b);
  b.meet(a);
  context.run();
}
