#include <algorithm>
#include <utility>

#include "nat/core/core.hpp"
#include "nat/core/ftp_announcement.hpp"
#include "nat/core/sip_text.hpp"
#include "nat/packet/builder.hpp"
#include "nat/packet/udp.hpp"

namespace stile::nat {

namespace {

constexpr std::uint16_t ftp_port = 21;
constexpr std::uint16_t sip_port = 5060;

/// The packet with another payload behind its transport header; its checksums are not right yet.
ByteVector with_payload(const Ipv4Packet& packet, std::size_t transport_header, Bytes payload) {
  const std::size_t headers = packet.header_length() + transport_header;
  ByteVector made = copy_of(packet.bytes().first(headers));
  made.insert(made.end(), payload.begin(), payload.end());
  Ipv4Packet::parse_quoted(MutableBytes(made))
      ->set_total_length(static_cast<std::uint16_t>(made.size()));
  return made;
}

void renew_transport_checksum(const Ipv4Packet& packet) {
  const std::size_t at = packet.protocol() == ip_protocol::tcp ? 16 : 6;
  const MutableBytes segment = packet.payload();
  store_u16(segment.data() + at, 0);
  const std::uint16_t checksum =
      transport_checksum(packet.source(), packet.destination(), packet.protocol(), segment);
  const bool is_udp = packet.protocol() == ip_protocol::udp;
  store_u16(segment.data() + at, is_udp && checksum == 0 ? std::uint16_t{0xffff} : checksum);
}

/// RFC 2018 §3: the blocks of a SACK option are in the other side's numbers, too.
void shift_sack_blocks(MutableBytes segment, const SequenceOffset& offset) {
  const Bytes option = TcpView::parse(segment)->option(tcp_option::sack);
  if (option.empty()) return;
  const auto begin = static_cast<std::size_t>(option.data() - segment.data());
  for (std::size_t at = 2; at + 4 <= option.size(); at += 4) {
    std::uint8_t* const edge = segment.data() + begin + at;
    store_u32(edge, offset.removed_from(load_u32(edge)));
  }
}

}  // namespace

/// RFC 4787 REQ-10, RFC 5382 REQ-6: only if they are switched on. Nothing if the packet is not of
/// that kind; else it leaves as a command, for it may have become longer.
std::optional<Verdict> Nat::Core::apply_alg(const Ipv4Packet& packet, Side from,
                                            const Route& route) {
  const Session* session = bindings_.find(route.session);
  if (!session || packet.is_fragment()) return std::nullopt;
  const auto is_of = [session](std::uint16_t port) {
    return session->remote.port == port || session->external.port == port;
  };
  if (config_.ftp_alg && session->protocol == Protocol::tcp && is_of(ftp_port))
    return ftp(packet, from, route, *session);
  if (config_.sip_alg != SipAlg::off && session->protocol == Protocol::udp && is_of(sip_port))
    return sip(packet, from, route, *session);
  return std::nullopt;
}

std::optional<Verdict> Nat::Core::ftp(const Ipv4Packet& packet, Side from, const Route& route,
                                      const Session& session) {
  const auto segment = *TcpView::parse(packet.payload());
  const auto text = from == Side::inside ? ftp_text(segment, session) : std::nullopt;
  const auto key = std::pair(Endpoint(session.inside), Endpoint(session.remote));
  const auto known = tcp_offsets_.find(key);
  if (!text && known == tcp_offsets_.end()) return std::nullopt;
  TcpOffsets& offsets = tcp_offsets_[key];
  const Bytes payload = text ? as_bytes(*text) : segment.payload();
  ByteVector made = with_payload(packet, segment.header_length(), payload);
  const auto copy = *Ipv4Packet::parse(MutableBytes(made));
  SequenceOffset& own = offsets[static_cast<std::size_t>(from)];
  const SequenceOffset& others = offsets[static_cast<std::size_t>(other(from))];
  std::uint8_t* header = copy.payload().data();
  store_u32(header + 4, own.applied_to(segment.sequence()));
  if (segment.has(tcp_flag::ack))
    store_u32(header + 8, others.removed_from(segment.acknowledgment()));
  shift_sack_blocks(copy.payload(), others);
  if (text)
    own.add(segment.sequence(), static_cast<std::int32_t>(payload.size()) -
                                    static_cast<std::int32_t>(segment.payload().size()));
  return send_rewritten(copy, route);
}

/// With the external endpoint in place of the inside one that an announcement names. The data
/// connection is let in from the other side's address, whatever filters say.
std::optional<std::string> Nat::Core::ftp_text(const TcpView& segment, const Session& session) {
  const std::string_view text = as_text(segment.payload());
  const auto found = find_ftp_announcement(text);
  // Only for the host itself: an announcement for another one is an attack (RFC 2577 §3).
  if (!found ||
      found->address.value_or(std::uint32_t{session.inside.address}) != session.inside.address)
    return std::nullopt;
  if (!make_room_for_offsets()) return std::nullopt;
  const auto external =
      expect(Protocol::tcp, {session.inside.address, found->port}, session.remote.address);
  if (!external) return std::nullopt;
  std::string made(text);
  return made.replace(found->at, found->length, to_text(found->form, *external));
}

/// A mapping for a flow that the payload of another speaks of, open to one remote address.
std::optional<Endpoint> Nat::Core::expect(Protocol protocol, Endpoint inside,
                                          std::uint32_t remote) {
  MapRequest request;
  request.protocol = protocol;
  request.inside = to_public(inside);
  request.terms.until = now_ + config_.tcp_opening_timeout;
  request.terms.filters = {{IpPrefix(IpAddress::v4(remote), 32), 0}};
  const auto mapping = bindings_.map(now_, request);
  return mapping ? std::optional(Endpoint((*mapping)->external)) : std::nullopt;
}

/// Limit: connections whose numbers are shifted; those that are over are forgotten when there are
/// too many.
bool Nat::Core::make_room_for_offsets() {
  if (tcp_offsets_.size() < config_.max_shifted_connections) return true;
  std::erase_if(tcp_offsets_, [this](const auto& entry) {
    const auto& [inside, remote] = entry.first;
    return !bindings_.session_of_inside(Protocol::tcp, inside, remote);
  });
  return tcp_offsets_.size() < config_.max_shifted_connections;
}

std::optional<Verdict> Nat::Core::sip(const Ipv4Packet& packet, Side from, const Route& route,
                                      const Session& session) {
  const auto udp = UdpView::parse(Bytes(packet.payload()));
  const std::string_view message = as_text(udp->payload());
  const auto map_media = [&](Endpoint inside) {
    return expect(Protocol::udp, inside, session.remote.address);
  };
  const auto made_text = [&]() -> std::optional<std::string> {
    if (config_.sip_alg == SipAlg::spoiling)
      return from == Side::inside ? sip_spoiled(message, session.inside, session.external)
                                  : std::nullopt;
    return from == Side::inside
               ? sip_for_outside(message, session.inside, session.external, map_media)
               : sip_for_inside(message, session.inside, session.external);
  }();
  if (!made_text) return std::nullopt;
  ByteVector made = with_payload(packet, UdpView::header_length, as_bytes(*made_text));
  const auto copy = *Ipv4Packet::parse(MutableBytes(made));
  store_u16(copy.payload().data() + 4, static_cast<std::uint16_t>(copy.payload().size()));
  return send_rewritten(copy, route);
}

Verdict Nat::Core::send_rewritten(const Ipv4Packet& packet, const Route& route) {
  rewrite(packet, route.to);
  renew_transport_checksum(packet);
  // The pieces that deliver() cuts off come after the part that it returns.
  std::deque<Command> before = std::exchange(commands_, {});
  const Verdict verdict = deliver(packet, route.out);
  std::deque<Command> pieces = std::exchange(commands_, std::move(before));
  if (verdict.action != Action::drop) push_command(route.out, copy_of(verdict.packet));
  for (Command& piece : pieces) push_command(piece.side, std::move(piece.packet));
  ++counters_.payloads_rewritten;
  return {};
}

}  // namespace stile::nat
