#include "asio/shared_port_impl.hpp"

#include <algorithm>

#include "stile/asio/clock.hpp"
#include "stile/asio/endpoint.hpp"

namespace stile::ice {

namespace {
/// Limit: so that one busy socket does not keep all else from its turn.
constexpr int datagrams_per_wake_up = 256;
}  // namespace

SharedPort::SharedPort(boost::asio::any_io_executor executor, std::uint16_t port, MuxLimits limits)
    : impl_(std::make_shared<Impl>(std::move(executor), port, limits)) {}
SharedPort::~SharedPort() = default;
SharedPort::SharedPort(SharedPort&&) noexcept = default;
SharedPort& SharedPort::operator=(SharedPort&&) noexcept = default;

std::uint16_t SharedPort::port() const {
  return impl_->port;
}

std::size_t SharedPort::size() const {
  return impl_->members.size();
}

MuxCounters SharedPort::counters() const {
  MuxCounters sum = impl_->of_closed_sockets;
  for (const auto& [address, socket] : impl_->sockets) sum += socket->mux.counters();
  return sum;
}

SharedPort::Impl::Owner SharedPort::Impl::join(std::string ufrag, Receiver receiver) {
  while (members.contains(++last_owner)) {
  }
  members.emplace(last_owner,
                  Member{std::move(ufrag), std::make_shared<const Receiver>(std::move(receiver))});
  return last_owner;
}

void SharedPort::Impl::leave(Owner owner) {
  std::vector<IpAddress> used;
  for (const auto& [address, socket] : sockets) used.push_back(address);
  for (const IpAddress& address : used) close(owner, address);
  members.erase(owner);
  if (members.empty()) monitor.reset();
}

void SharedPort::Impl::rename(Owner owner, std::string ufrag) {
  Member& member = members.at(owner);
  member.ufrag = std::move(ufrag);
  for (const auto& [address, socket] : sockets)
    if (socket->mux.has(owner)) socket->mux.add(owner, member.ufrag);
}

std::expected<TransportAddress, std::string> SharedPort::Impl::open(Owner owner,
                                                                    const IpAddress& local) {
  const auto known = sockets.find(local);
  const auto socket =
      known != sockets.end() ? known->second : std::make_shared<Socket>(executor, limits);
  if (!socket->mux.add(owner, members.at(owner).ufrag))
    return std::unexpected("the shared port has no room for another session");
  if (known != sockets.end()) return TransportAddress{local, port};
  if (std::string problem = bind(*socket, local); !problem.empty())
    return std::unexpected(std::move(problem));
  sockets.emplace(local, socket);
  await_datagram(socket, local);
  return TransportAddress{local, port};
}

/// Empty if it is bound, to the port that the others have.
std::string SharedPort::Impl::bind(Socket& socket, const IpAddress& local) {
  boost::system::error_code error;
  const auto endpoint = to_asio(TransportAddress{local, port});
  socket.udp.open(endpoint.protocol(), error);
  if (!error) socket.udp.bind(endpoint, error);
  if (!error) socket.udp.non_blocking(true, error);
  if (error) return error.message();
  port = socket.udp.local_endpoint().port();
  return {};
}

void SharedPort::Impl::close(Owner owner, const IpAddress& local) {
  const auto found = sockets.find(local);
  if (found == sockets.end()) return;
  found->second->mux.remove(owner);
  if (found->second->mux.size() > 0) return;
  of_closed_sockets += found->second->mux.counters();
  boost::system::error_code ignored;
  found->second->udp.close(ignored);
  sockets.erase(found);
}

void SharedPort::Impl::send(Owner owner, const IpAddress& local, const TransportAddress& to,
                            Bytes datagram) {
  const auto found = sockets.find(local);
  if (found == sockets.end()) return;
  found->second->mux.note_sent(instant_now(), owner, to, datagram);
  boost::system::error_code ignored;  // a datagram that the kernel refuses is a datagram lost
  found->second->udp.send_to(boost::asio::buffer(datagram.data(), datagram.size()), to_asio(to), 0,
                             ignored);
}

void SharedPort::Impl::await_datagram(const std::shared_ptr<Socket>& socket,
                                      const IpAddress& local) {
  socket->udp.async_wait(
      boost::asio::ip::udp::socket::wait_read,
      [self = shared_from_this(), socket, local](boost::system::error_code error) {
        if (!error) self->read_datagrams(socket, local);
      });
}

void SharedPort::Impl::read_datagrams(const std::shared_ptr<Socket>& socket,
                                      const IpAddress& local) {
  const MutableBytes room = MutableBytes(input).subspan(datagram_headroom, longest_datagram);
  for (int i = 0; i < datagrams_per_wake_up && socket->udp.is_open(); ++i) {
    boost::asio::ip::udp::endpoint endpoint;
    boost::system::error_code error;
    const std::size_t size =
        socket->udp.receive_from(boost::asio::buffer(room.data(), room.size()), endpoint, 0, error);
    if (error == boost::asio::error::would_block) break;
    if (error) continue;  // an ICMP error about an earlier datagram
    const TransportAddress from = from_asio(endpoint);
    const auto owner = socket->mux.owner_of(from, room.first(size));
    const auto member = owner ? members.find(*owner) : members.end();
    if (member == members.end()) continue;
    const auto held = member->second.receiver;  // the session may leave meanwhile
    held->take(local, from, room.first(size));
  }
  if (socket->udp.is_open()) await_datagram(socket, local);
}

void SharedPort::Impl::watch_network(Owner owner, const InterfaceFilter& filter) {
  Member& member = members.at(owner);
  auto receiver = std::make_shared<Receiver>(*member.receiver);
  receiver->filter = filter;
  member.receiver = std::move(receiver);
  if (monitor) return;
  monitor.emplace(executor, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tell_addresses();
  });
}

/// To thousands of sessions, few of which have filters of their own: looked up once for each
/// filter.
void SharedPort::Impl::tell_addresses() {
  std::vector<std::pair<InterfaceFilter, std::vector<IpAddress>>> looked_up;
  const auto addresses_for = [&](const InterfaceFilter& filter) -> const std::vector<IpAddress>& {
    const auto known =
        std::ranges::find(looked_up, filter, [](const auto& each) { return each.first; });
    if (known != looked_up.end()) return known->second;
    return looked_up.emplace_back(filter, local_addresses(filter)).second;
  };
  std::vector<std::pair<Owner, std::shared_ptr<const Receiver>>> all;
  for (const auto& [owner, member] : members) all.emplace_back(owner, member.receiver);
  for (const auto& [owner, receiver] : all)
    if (members.contains(owner)) receiver->take_addresses(addresses_for(receiver->filter));
}

}  // namespace stile::ice
