#include "nat/shell/ipfix.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

#include "nat/shell/datagram_socket.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::uint16_t template_set = 2;

/// RFC 8158 §4.2: information elements, with their lengths in bytes.
struct Element {
  std::uint16_t id;
  std::uint16_t length;
};
constexpr Element time_milliseconds{323, 8};
constexpr Element nat_event{230, 1};
constexpr Element source_v4{8, 4};
constexpr Element source_v6{27, 16};
constexpr Element post_source_v4{225, 4};
constexpr Element protocol_id{4, 1};
constexpr Element source_port{7, 2};
constexpr Element post_source_port{227, 2};
constexpr Element destination_v4{12, 4};
constexpr Element destination_port{11, 2};
constexpr Element port_range_start{361, 2};
constexpr Element port_range_end{362, 2};
constexpr Element pool_id{283, 4};
constexpr Element quota_event{466, 4};
constexpr Element max_session_entries{471, 4};
constexpr Element max_bib_entries{472, 4};
constexpr Element max_entries_per_user{473, 4};

/// RFC 8158, Table 2, of which NAT64's have the value of NAT44's and two more.
namespace event_id {
constexpr std::uint8_t addresses_exhausted = 3;
constexpr std::uint8_t session_create = 4;
constexpr std::uint8_t session_delete = 5;
constexpr std::uint8_t bib_create = 8;
constexpr std::uint8_t bib_delete = 9;
constexpr std::uint8_t ports_exhausted = 12;
constexpr std::uint8_t quota_exceeded = 13;
constexpr std::uint8_t block_allocation = 16;
constexpr std::uint8_t block_deallocation = 17;
}  // namespace event_id

/// A record and the template that says what is in it; the template's number is that of the kind.
class Record {
 public:
  Record(std::uint16_t template_id, std::uint8_t event, std::uint64_t unix_milliseconds)
      : template_id_(template_id) {
    put(time_milliseconds, unix_milliseconds);
    put(nat_event, event);
  }

  Record& put(Element element, std::uint64_t value) {
    elements_.push_back(element);
    for (int shift = (element.length - 1) * 8; shift >= 0; shift -= 8)
      bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
    return *this;
  }
  Record& put_source(const IpAddress& address) {
    if (address.is_v4()) return put(source_v4, address.v4_bits());
    elements_.push_back(source_v6);
    bytes_.insert(bytes_.end(), address.v6_bytes().begin(), address.v6_bytes().end());
    ++template_id_;  // templates with IPv6 sources follow those with IPv4 ones
    return *this;
  }

  std::uint16_t template_id() const { return template_id_; }
  std::span<const Element> elements() const { return elements_; }
  Bytes bytes() const { return bytes_; }

 private:
  std::uint16_t template_id_;
  std::vector<Element> elements_;
  ByteVector bytes_;
};

void append_u16(ByteVector& bytes, std::size_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void append_u32(ByteVector& bytes, std::uint32_t value) {
  append_u16(bytes, value >> 16);
  append_u16(bytes, value & 0xffff);
}

/// RFC 7011 §3.1, §3.3, §3.4.1
ByteVector message_of(const Record& record, std::uint32_t sequence,
                      std::uint64_t unix_milliseconds) {
  ByteVector message;
  append_u16(message, 10);
  append_u16(message, 0);  // the length, below
  append_u32(message, static_cast<std::uint32_t>(unix_milliseconds / 1000));
  append_u32(message, sequence);
  append_u32(message, 0);  // observation domain
  append_u16(message, template_set);
  append_u16(message, 8 + record.elements().size() * 4);
  append_u16(message, record.template_id());
  append_u16(message, record.elements().size());
  for (const Element& element : record.elements()) {
    append_u16(message, element.id);
    append_u16(message, element.length);
  }
  append_u16(message, record.template_id());
  append_u16(message, 4 + record.bytes().size());
  message.insert(message.end(), record.bytes().begin(), record.bytes().end());
  store_u16(message.data() + 2, static_cast<std::uint16_t>(message.size()));
  return message;
}

/// RFC 8158 §4.6, one record for each kind of event.
struct Encode {
  const Config& config;
  std::uint64_t time;

  using Encoded = std::optional<Record>;

  Encoded operator()(const MappingCreated& m) const { return bib(m, event_id::bib_create); }
  Encoded operator()(const MappingEnded& m) const { return bib(m, event_id::bib_delete); }
  Encoded operator()(const SessionCreated& s) const { return session(s, event_id::session_create); }
  Encoded operator()(const SessionEnded& s) const { return session(s, event_id::session_delete); }
  Encoded operator()(const PortBlockAssigned& b) const {
    return block(b, event_id::block_allocation);
  }
  Encoded operator()(const PortBlockReleased& b) const {
    return block(b, event_id::block_deallocation);
  }
  Encoded operator()(const FlowRefused& flow) const {
    switch (flow.reason) {
      case Refusal::no_address:
        return Record(264, event_id::addresses_exhausted, time).put(pool_id, 0);
      case Refusal::no_port:
        return Record(266, event_id::ports_exhausted, time)
            .put(post_source_v4, config.external.empty() ? 0 : config.external.front().v4_bits())
            .put(protocol_id, static_cast<std::uint8_t>(flow.protocol));
      case Refusal::session_limit:
        return quota(268, 1).put(max_session_entries, config.max_sessions);
      case Refusal::mapping_limit:
        return quota(270, 2).put(max_bib_entries, config.max_mappings);
      case Refusal::host_limit:
      case Refusal::host_rate:
      case Refusal::host_sessions:
      case Refusal::mapping_sessions:
        return quota(272, 3)
            .put(max_entries_per_user, std::max(config.ports_per_host, config.sessions_per_host))
            .put_source(flow.inside.ip);
    }
    return std::nullopt;
  }
  Encoded operator()(const ExternalChanged&) const { return std::nullopt; }
  Encoded operator()(const ServerChanged&) const { return std::nullopt; }

  static std::uint8_t of_family(std::uint8_t event, const IpAddress& inside) {
    return inside.is_v4() ? event : static_cast<std::uint8_t>(event + 2);
  }
  Encoded bib(const MappingInfo& mapping, std::uint8_t event) const {
    return Record(256, of_family(event, mapping.inside.ip), time)
        .put_source(mapping.inside.ip)
        .put(post_source_v4, mapping.external.ip.v4_bits())
        .put(protocol_id, static_cast<std::uint8_t>(mapping.protocol))
        .put(source_port, mapping.inside.port)
        .put(post_source_port, mapping.external.port);
  }
  Encoded session(const SessionCreated& s, std::uint8_t event) const {
    return Record(258, of_family(event, s.inside.ip), time)
        .put_source(s.inside.ip)
        .put(post_source_v4, s.external.ip.v4_bits())
        .put(protocol_id, static_cast<std::uint8_t>(s.protocol))
        .put(source_port, s.inside.port)
        .put(post_source_port, s.external.port)
        .put(destination_v4, s.remote.ip.v4_bits())
        .put(destination_port, s.remote.port);
  }
  Encoded block(const PortBlock& b, std::uint8_t event) const {
    return Record(260, event, time)
        .put_source(b.inside)
        .put(post_source_v4, b.external.v4_bits())
        .put(port_range_start, b.first)
        .put(port_range_end, b.last);
  }
  Record quota(std::uint16_t template_id, std::uint32_t kind) const {
    return Record(template_id, event_id::quota_exceeded, time).put(quota_event, kind);
  }
};

std::uint64_t unix_milliseconds_now() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace

std::optional<ByteVector> IpfixEncoder::message_for(const Event& event,
                                                    std::uint64_t unix_milliseconds) {
  const auto record = std::visit(Encode{config_, unix_milliseconds}, event);
  if (!record) return std::nullopt;
  return message_of(*record, sequence_++, unix_milliseconds);
}

IpfixExporter::IpfixExporter(const TransportAddress& collector, const Config& config)
    : encoder_(config), fd_(connected_datagram_socket(collector)) {
  if (!fd_) throw Problem(with_errno("sending IPFIX to " + collector.to_string()));
}

void IpfixExporter::add(const Event& event) {
  const auto message = encoder_.message_for(event, unix_milliseconds_now());
  if (message && ::send(fd_.get(), message->data(), message->size(), MSG_NOSIGNAL) < 0)
    ++messages_lost_;
}

}  // namespace stile::nat::shell
