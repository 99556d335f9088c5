#include "server/shell/peer_errors.hpp"
#include "server/shell/worker.hpp"

namespace stile::server {

namespace {
constexpr int relay_socket_buffer_bytes = 1 << 20;
}

void Worker::drain() {
  while (const auto command = relay_.poll_command())
    std::visit([this](const auto& each) { carry_out(each); }, *command);
  while (const auto event = relay_.poll_event())
    std::visit([this](const auto& each) { report(each); }, *event);
}

void Worker::carry_out(const relay::OpenRelaySocket& command) {
  const bool tcp = command.protocol == relay::RelayProtocol::tcp;
  auto socket = tcp ? open_relay_listener(command.local)
                    : open_udp(command.local, Sharing::alone, relay_socket_buffer_bytes);
  if (!socket) return relay_.handle_relay_socket_opened(now_, command.id, false);
  if (relay_sockets_.size() <= command.id.index) relay_sockets_.resize(command.id.index + 1);
  RelaySocketSlot& slot = relay_sockets_[command.id.index];
  slot = RelaySocketSlot{std::move(*socket), command.local, command.id.generation};
  if (!tcp) keep_peer_errors(slot.socket.fd(), command.local.ip.family());
  const auto kind = tcp ? Watched::Kind::relay_listener : Watched::Kind::relay_socket;
  poller_.add(slot.socket.fd(), {kind, command.id.index, command.id.generation});
  relay_.handle_relay_socket_opened(now_, command.id, true);
}

void Worker::carry_out(const relay::CloseRelaySocket& command) {
  sends_.flush();  // what was queued from it leaves before it is closed
  if (command.id.index >= relay_sockets_.size()) return;
  RelaySocketSlot& slot = relay_sockets_[command.id.index];
  if (slot.socket) udp_counters_.lost_from_peers += lost_datagrams(slot.socket.fd());
  slot = RelaySocketSlot{Descriptor()};
}

std::unique_ptr<KernelFlows> Worker::kernel_flows() {
  if (!shared_.kernel) return nullptr;
  return std::make_unique<KernelFlows>(
      *shared_.kernel, shared_.config->bandwidth == relay::BandwidthLimits{},
      [this](const auto&... traffic) { relay_.handle_flow_traffic(traffic...); });
}

void Worker::carry_out(const relay::BindFlow& command) {
  if (!kernel_flows_) return;
  sends_.flush();  // what the client sent before is not overtaken
  kernel_flows_->bind(command, relay_sockets_[command.relay_socket.index].local);
}

void Worker::carry_out(const relay::UnbindFlow& command) {
  if (kernel_flows_) kernel_flows_->unbind(command);
}

void Worker::carry_out(const relay::SendToClient& command) {
  send_to_client({command.five_tuple, command.bytes, {}}, false);
}

}  // namespace stile::server
