#include "stile/asio/session.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <stdexcept>

#include "asio/session_impl.hpp"

namespace stile::ice {

namespace {

class SessionCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "stile.session"; }
  std::string message(int code) const override {
    switch (static_cast<SessionErrc>(code)) {
      case SessionErrc::failed:
        return "no path to the peer works";
      case SessionErrc::closed:
        return "the session is closed";
      case SessionErrc::no_path:
        return "there is no path to the peer yet";
      case SessionErrc::no_consent:
        return "the peer does not answer any more";
    }
    return "unknown";
  }
};

}  // namespace

std::error_code make_error_code(SessionErrc code) {
  static const SessionCategory category;
  return {static_cast<int>(code), category};
}

Session::Session(boost::asio::any_io_executor executor, Config config, Callbacks callbacks,
                 const TlsTrust& trust, const std::optional<Proxy>& proxy)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(config), std::move(callbacks),
                                   trust, proxy)) {}

Session::Session(const SharedPort& port, const Config& config, Callbacks callbacks,
                 const TlsTrust& trust, const std::optional<Proxy>& proxy)
    : Session(port.impl_->executor, config, std::move(callbacks), trust, proxy) {
  const bool asks_turn_over_udp = std::ranges::any_of(
      config.turn_servers,
      [](const TurnServer& server) { return server.transport == Transport::udp; });
  if (config.streams != 1 || config.components != 1 || asks_turn_over_udp || !config.ports.is_any())
    throw std::invalid_argument(
        "a session at a shared port has one component, no range of ports, and no TURN server over "
        "UDP");
  impl_->use(port.impl_);
}

Session::~Session() {
  impl_->close();
}

const Credentials& Session::local_credentials() const {
  return impl_->agent.local_credentials();
}
Parameters Session::local_parameters() const {
  return impl_->agent.local_parameters();
}
bool Session::is_restart(const Credentials& offered) const {
  return impl_->agent.is_restart(offered);
}
State Session::state() const {
  return impl_->agent.state();
}
Role Session::role() const {
  return impl_->agent.role();
}
boost::asio::any_io_executor Session::executor() const {
  return impl_->executor;
}
void Session::close() {
  impl_->close();
}

void Session::for_each_pair(const std::function<void(const PairReport&)>& visit) const {
  impl_->agent.for_each_pair(visit);
}

void Session::add_server(const turn::ServerUri& uri, const turn::Credentials& credentials) {
  impl_->find_server(uri, credentials);
}

void Session::gather(const InterfaceFilter& filter) {
  const auto addresses = local_addresses(filter);
  impl_->watch_network(filter);
  impl_->resolver.emplace(impl_->executor, addresses);
  impl_->agent.gather(instant_now(), addresses);
  impl_->drain();
}

void Session::restart(const InterfaceFilter& filter) {
  const auto addresses = local_addresses(filter);
  impl_->watch_network(filter);
  impl_->begin_again(addresses);
  impl_->agent.restart(instant_now(), addresses);
  impl_->tell_shared_port();
  impl_->drain();
}

void Session::set_remote_parameters(Parameters parameters) {
  impl_->agent.set_remote_parameters(instant_now(), std::move(parameters));
  impl_->drain();
}

void Session::add_remote_candidate(Candidate candidate) {
  impl_->agent.add_remote_candidate(instant_now(), std::move(candidate));
  impl_->drain();
}

void Session::add_remote_candidate(NamedCandidate candidate) {
  if (candidate.name.empty()) return add_remote_candidate(std::move(candidate.candidate));
  impl_->find_candidate(std::move(candidate));
}

void Session::end_of_remote_candidates() {
  impl_->end_remote_candidates();
}

void Session::watch_descriptors(std::function<void(int)> watch) {
  impl_->watch_descriptor = std::move(watch);
}
Instant Session::deadline() const {
  return impl_->deadline();
}

std::error_code Session::send(Bytes data, ComponentId component) {
  return impl_->send(data, component);
}

void Session::wait_gathered(std::function<void(std::error_code, std::vector<Candidate>)> handler) {
  impl_->wait_gathered(std::move(handler));
}
void Session::wait_connected(std::function<void(std::error_code)> handler) {
  impl_->wait_connected(std::move(handler));
}
void Session::wait_received(std::function<void(std::error_code, ByteVector)> handler) {
  impl_->wait_received(std::move(handler));
}

}  // namespace stile::ice
