#include "nat/shell/conntrack_text.hpp"

#include <fmt/format.h>

#include "stile/base/address.hpp"

namespace stile::nat::shell {

namespace {

using Json = nlohmann::ordered_json;

unsigned number_of(const std::string& protocol) {
  if (protocol == "icmp") return 1;
  if (protocol == "tcp") return 6;
  if (protocol == "udp") return 17;
  if (protocol == "dccp") return 33;
  if (protocol == "sctp") return 132;
  return protocol == "udp-lite" ? 136 : 0;
}

std::string text_of(const Json& session, const char* key) {
  return session.at(key).get<std::string>();
}

std::uint64_t packets(const Json& session, const char* direction) {
  return session.at(direction).at("packets").get<std::uint64_t>();
}

/// Of UDP without sessions, which Linux does not have: source, and source as seen outside.
std::string mapping_line(const std::string& head, const TransportAddress& inside,
                         const TransportAddress& external) {
  return head + fmt::format("src={} sport={} [MAPPING] dst={} dport={}", inside.ip.to_string(),
                            inside.port, external.ip.to_string(), external.port);
}

/// conntrack's word for a state of ours.
std::string tcp_state(const Json& session) {
  const std::string state = session.value("state", "");
  const bool is_answered = packets(session, "inbound") > 0;
  if (state == "opening") return is_answered ? "SYN_RECV" : "SYN_SENT";
  if (state == "established") return "ESTABLISHED";
  if (state == "inside-fin") return "FIN_WAIT";
  if (state == "outside-fin") return "CLOSE_WAIT";
  if (state == "closing") return "TIME_WAIT";
  return "CLOSE";
}

/// One direction: ports, or what a ping has in their place.
std::string direction(const Json& session, const TransportAddress& from, const TransportAddress& to,
                      const char* counts) {
  const bool is_ping = text_of(session, "protocol") == "icmp";
  const bool is_out = std::string_view(counts) == "outbound";
  const std::string ports =
      is_ping ? fmt::format("type={} code=0 id={}", is_out ? 8 : 0, is_out ? from.port : to.port)
              : fmt::format("sport={} dport={}", from.port, to.port);
  return fmt::format("src={} dst={} {} packets={} bytes={}", from.ip.to_string(), to.ip.to_string(),
                     ports, packets(session, counts),
                     session.at(counts).at("bytes").get<std::uint64_t>());
}

}  // namespace

std::string conntrack_line(const Json& session) {
  const std::string protocol = text_of(session, "protocol");
  const auto endpoint = [&](const char* key) {
    return TransportAddress::parse(text_of(session, key)).value();
  };
  std::string line = fmt::format("{:<8} {} {} ", protocol, number_of(protocol),
                                 session.at("time_left").get<std::int64_t>());
  if (!session.contains("remote"))
    return mapping_line(line, endpoint("inside"), endpoint("external"));
  if (protocol == "tcp") line += tcp_state(session) + " ";
  line += direction(session, endpoint("inside"), endpoint("remote"), "outbound");
  const bool is_answered = packets(session, "inbound") > 0;
  line += is_answered ? " " : " [UNREPLIED] ";
  line += direction(session, endpoint("remote"), endpoint("external"), "inbound");
  return line + (is_answered && packets(session, "outbound") > 0 ? " [ASSURED]" : "");
}

}  // namespace stile::nat::shell
