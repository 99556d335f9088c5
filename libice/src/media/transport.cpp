#include "stile/media/transport.hpp"

namespace stile::media {

void Transport::start(Instant now, Setup ours, std::vector<Fingerprint> of_peer) {
  dtls_.start(now, ours, std::move(of_peer));
  take_keys();
}

std::optional<Transport::Received> Transport::handle_datagram(Instant now, MutableBytes datagram) {
  const PacketKind kind = packet_kind(datagram);
  switch (kind) {
    case PacketKind::dtls:
      dtls_.handle_datagram(now, datagram);
      take_keys();
      return std::nullopt;
    case PacketKind::rtp:
    case PacketKind::rtcp:
      break;
    case PacketKind::stun:
    case PacketKind::zrtp:
    case PacketKind::turn_channel:
    case PacketKind::quic:
    case PacketKind::other:
      ++counters_.unknown;
      return std::nullopt;
  }
  if (!srtp_) {
    ++counters_.before_keys;
    return std::nullopt;
  }
  const auto packet =
      kind == PacketKind::rtp ? srtp_->unprotect_rtp(datagram) : srtp_->unprotect_rtcp(datagram);
  if (!packet) return std::nullopt;
  return Received{kind, *packet};
}

std::optional<MutableBytes> Transport::protect(MutableBytes packet) {
  if (!srtp_ || dtls_.state() != Dtls::State::connected) return std::nullopt;
  switch (packet_kind(packet)) {
    case PacketKind::rtp:
      return srtp_->protect_rtp(packet);
    case PacketKind::rtcp:
      return srtp_->protect_rtcp(packet);
    case PacketKind::stun:
    case PacketKind::zrtp:
    case PacketKind::dtls:
    case PacketKind::turn_channel:
    case PacketKind::quic:
    case PacketKind::other:
      break;
  }
  return std::nullopt;
}

void Transport::handle_timeout(Instant now) {
  dtls_.handle_timeout(now);
  take_keys();
}

std::optional<SrtpProfile> Transport::profile() const {
  if (!dtls_.keys()) return std::nullopt;
  return dtls_.keys()->profile;
}

void Transport::take_keys() {
  if (!srtp_ && dtls_.keys()) srtp_.emplace(*dtls_.keys());
}

}  // namespace stile::media
