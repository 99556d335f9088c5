// Bytes -> messages, streams, ChannelData and addresses as text. What must hold whatever comes:
// nothing is read beyond the input, what is read of an attribute is what is written of it, a
// message that is built anew of its attributes reads the same, and a stream reads the same however
// it is cut.

#include <algorithm>

#include "stile/stun/attributes.hpp"
#include "stile/stun/channel_data.hpp"
#include "stile/stun/fingerprint.hpp"
#include "stile/stun/stream_framing.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::stun;
using fuzz::require;

ByteVector build(const TransactionId& id, auto&& add) {
  ByteVector buffer(header_size + 0x10000);
  MessageBuilder builder(buffer, Class::request, Method::binding, id);
  add(builder);
  require(builder.ok(), "an attribute that was read can be written");
  return copy_of(builder.finish());
}

template <class Attribute>
ByteVector write(const Attribute& attribute, const TransactionId& id) {
  return build(id, [&](MessageBuilder& builder) { builder.add(attribute); });
}

/// What an attribute is read as is written, read and written again: the two writings are the same.
template <class Attribute>
void check_attribute(const MessageView& message) {
  const auto attribute = message.get<Attribute>();
  if (!attribute) return;
  const ByteVector first = write(*attribute, message.transaction_id());
  const auto parsed = MessageView::parse(first);
  require(parsed.has_value(), "a message of one attribute is one");
  const auto again = parsed->template get<Attribute>();
  require(again.has_value(), "what was written is read");
  require(write(*again, message.transaction_id()) == first, "what was read is what was written");
}

template <class... Attributes>
void check_each(const MessageView& message) {
  (check_attribute<Attributes>(message), ...);
}

void check_attributes(const MessageView& message) {
  check_each<MappedAddress, AlternateServer, ResponseOrigin, OtherAddress, XorMappedAddress>(
      message);
  check_each<XorPeerAddress, XorRelayedAddress, Padding, ChangeRequest, ResponsePort>(message);
  check_each<Username, Realm, Nonce, Software, AlternateDomain, Userhash>(message);
  check_each<PasswordAlgorithm, PasswordAlgorithms, ErrorCode, UnknownAttributes>(message);
  check_each<AddressErrorCode, PriorityAttribute, UseCandidate, IceControlled>(message);
  check_each<IceControlling, LifetimeAttribute, DontFragment, DataAttribute, ConnectionId>(message);
  check_each<ChannelNumberAttribute, RequestedTransport, RequestedAddressFamily>(message);
  check_each<AdditionalAddressFamily, EvenPort, ReservationToken, Icmp>(message);
}

struct Attribute {
  AttributeType type;
  ByteVector value;
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

std::vector<Attribute> attributes_of(const MessageView& message) {
  std::vector<Attribute> attributes;
  message.for_each([&](const AttributeView& view) {
    if (view.type != AttributeType::fingerprint)
      attributes.push_back({view.type, copy_of(view.value)});
  });
  return attributes;
}

void check_built_anew(const MessageView& message) {
  const auto attributes = attributes_of(message);
  const ByteVector bytes = build(message.transaction_id(), [&](MessageBuilder& builder) {
    for (const Attribute& attribute : attributes) builder.add(attribute.type, attribute.value);
  });
  const auto parsed = MessageView::parse(bytes);
  require(parsed && attributes_of(*parsed) == attributes, "a message built anew reads the same");
}

void check_message(const MessageView& message) {
  check_attributes(message);
  check_built_anew(message);
  const Key key = short_term_key("secret");
  const bool sha1 = verify_message_integrity(message, key);
  const bool sha256 = verify_message_integrity_sha256(message, key);
  const Key other = short_term_key("other");
  require(!sha1 || !verify_message_integrity(message, other), "an HMAC is of one key");
  require(!sha256 || !verify_message_integrity_sha256(message, other), "an HMAC is of one key");
}

void datagram(Bytes bytes) {
  if (const auto message = MessageView::parse(bytes)) {
    require(looks_like_stun(bytes), "a message looks like one");
    require(next_frame(bytes).size_on_stream == bytes.size(), "a message is framed as it is");
    check_message(*message);
  }
  if (const auto message = MessageView::parse_classic(bytes)) check_message(*message);
  if (const auto data = ChannelData::parse(bytes)) {
    require(data->channel.framed(), "a channel has a number of its range");
    require(data->data.size() + channel_data_header_size <= bytes.size(), "ChannelData fits");
    require(!MessageView::parse(bytes), "what is ChannelData is not STUN");
  }
}

/// Bytes as the attributes of a message whose header, and fingerprint if it ends with one, are
/// right.
void attributes(Bytes bytes) {
  ByteVector message(header_size);
  message.insert(message.end(), bytes.begin(),
                 bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() & 0xfffc));
  const std::size_t length = message.size() - header_size;
  store_u16(message.data(), encode_message_type(Class::request, Method::binding));
  store_u16(message.data() + 2, static_cast<std::uint16_t>(length));
  store_u32(message.data() + 4, magic_cookie);
  if (length >= 8 && load_u32(message.data() + message.size() - 8) == 0x80280004)
    store_u32(message.data() + message.size() - 4,
              fingerprint(Bytes(message).first(message.size() - 8)));
  datagram(message);
}

/// The frames of a stream that comes in pieces of `piece` bytes; the last one is what stays.
std::vector<ByteVector> frames(Bytes stream, std::size_t piece) {
  std::vector<ByteVector> found;
  ByteVector waiting;
  while (!stream.empty()) {
    const Bytes next = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(next.size());
    waiting.insert(waiting.end(), next.begin(), next.end());
    for (;;) {
      const ByteVector exact = waiting;
      const Frame frame = next_frame(exact);
      if (frame.status == Frame::Status::broken) return found;
      if (frame.status == Frame::Status::incomplete) break;
      require(frame.size_on_stream >= 4 && frame.size_on_stream <= waiting.size(),
              "a frame is there");
      require(frame.message_size <= frame.size_on_stream, "a message is in its frame");
      found.push_back(copy_of(Bytes(exact).first(frame.message_size)));
      waiting.erase(waiting.begin(),
                    waiting.begin() + static_cast<std::ptrdiff_t>(frame.size_on_stream));
    }
  }
  return found;
}

void stream(Bytes bytes) {
  if (bytes.empty()) return;
  const Bytes all = bytes.subspan(1);
  const auto whole = frames(all, all.size() + 1);
  require(frames(all, 1 + bytes[0] % 64) == whole, "a stream reads the same however it is cut");
  for (const ByteVector& message : whole) datagram(message);
}

void text(Bytes bytes) {
  const std::string_view characters = as_text(bytes);
  if (const auto ip = IpAddress::parse(characters))
    require(IpAddress::parse(ip->to_string()) == ip, "an address is read as it is printed");
  if (const auto address = TransportAddress::parse(characters))
    require(TransportAddress::parse(address->to_string()) == address, "with its port, too");
  if (const auto prefix = IpPrefix::parse(characters)) {
    require(IpPrefix::parse(prefix->to_string()) == prefix, "a prefix, too");
    require(prefix->contains(prefix->address()), "a prefix has its address");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteVector rest = copy_of(Bytes(data, size).subspan(1));
  switch (data[0] % 4) {
    case 0:
      datagram(rest);
      break;
    case 1:
      attributes(rest);
      break;
    case 2:
      stream(rest);
      break;
    case 3:
      text(rest);
      break;
  }
  return 0;
}
