#include "nat/shell/conntrack_text.hpp"

#include <catch2/catch.hpp>

#include "nat/shell/reports.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::shell;
using namespace std::chrono_literals;

namespace {

std::string line_of(const SessionInfo& info) {
  return conntrack_line(nlohmann::ordered_json::parse(describe_session(info)));
}

SessionInfo session(Protocol protocol) {
  SessionInfo info;
  info.protocol = protocol;
  info.inside = *TransportAddress::parse("10.0.0.2:4000");
  info.external = *TransportAddress::parse("203.0.113.1:4001");
  info.remote = *TransportAddress::parse("198.51.100.1:80");
  info.time_left = 100s;
  info.outbound = {3, 300};
  info.inbound = {2, 200};
  return info;
}

}  // namespace

TEST_CASE("conntrack text: a TCP connection", "[nat][shell]") {
  SessionInfo info = session(Protocol::tcp);
  info.tcp_state = TcpState::established;
  CHECK(line_of(info) ==
        "tcp      6 100 ESTABLISHED src=10.0.0.2 dst=198.51.100.1 sport=4000 dport=80 packets=3 "
        "bytes=300 src=198.51.100.1 dst=203.0.113.1 sport=80 dport=4001 packets=2 bytes=200 "
        "[ASSURED]");
}

TEST_CASE("conntrack text: a flow without an answer says so", "[nat][shell]") {
  SessionInfo info = session(Protocol::udp);
  info.inbound = {};
  CHECK(line_of(info) ==
        "udp      17 100 src=10.0.0.2 dst=198.51.100.1 sport=4000 dport=80 packets=3 bytes=300 "
        "[UNREPLIED] src=198.51.100.1 dst=203.0.113.1 sport=80 dport=4001 packets=0 bytes=0");
}

TEST_CASE("conntrack text: a ping has an identifier in place of ports", "[nat][shell]") {
  SessionInfo info = session(Protocol::icmp);
  info.remote.port = 0;
  CHECK(line_of(info) ==
        "icmp     1 100 src=10.0.0.2 dst=198.51.100.1 type=8 code=0 id=4000 packets=3 bytes=300 "
        "src=198.51.100.1 dst=203.0.113.1 type=0 code=0 id=4001 packets=2 bytes=200 [ASSURED]");
}

TEST_CASE("conntrack text: each state of TCP has its word", "[nat][shell]") {
  const auto [state, word] = GENERATE(table<TcpState, std::string>({
      {TcpState::opening, " SYN_RECV "},
      {TcpState::inside_fin, " FIN_WAIT "},
      {TcpState::outside_fin, " CLOSE_WAIT "},
      {TcpState::closing, " TIME_WAIT "},
      {TcpState::reset, " CLOSE "},
  }));
  SessionInfo info = session(Protocol::tcp);
  info.tcp_state = state;
  CHECK_THAT(line_of(info), Catch::Contains(word));
}
