#include "nat/core/ftp_announcement.hpp"
#include "nat/core/sequence_offset.hpp"
#include "nat/core/sip_text.hpp"
#include "tests/unit/nat/bench.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const TransportAddress host = at("192.168.1.10:4000");
const TransportAddress server = at("198.51.100.1:21");

Config with_ftp() {
  Config config = default_config();
  config.ftp_alg = true;
  config.filtering = Behavior::address_and_port_dependent;
  return config;
}

/// What leaves in place of the packet, which was taken.
ByteVector replaced(const Outcome& outcome) {
  CHECK(outcome.action == Action::drop);
  REQUIRE(outcome.commands.size() == 1);
  return outcome.commands[0].packet;
}

TcpView tcp_of(const ByteVector& packet) {
  return *TcpView::parse(Ipv4View::parse(packet)->payload());
}

Outcome say(Bench& bench, std::string_view text, std::uint32_t sequence) {
  return bench.from_inside(make_tcp(host, server, tcp_flag::ack | tcp_flag::psh, as_bytes(text),
                                    {.sequence = sequence, .acknowledgment = 5000}));
}

const std::string invite =
    "INVITE sip:bob@example.org SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.168.1.10:5060;branch=z9hG4bK1\r\n"
    "Contact: <sip:alice@192.168.1.10:5060>\r\n"
    "Call-ID: 1192.168.1.100\r\n"
    "Content-Length: 120\r\n"
    "\r\n"
    "v=0\r\n"
    "o=alice 1 1 IN IP4 192.168.1.10\r\n"
    "s=-\r\n"
    "c=IN IP4 192.168.1.10\r\n"
    "t=0 0\r\n"
    "m=audio 49170 RTP/AVP 0\r\n"
    "m=video 0 RTP/AVP 31\r\n";

}  // namespace

TEST_CASE("ftp: announcements of every kind are found", "[nat][rfc959-4.1.2][rfc2428-2]") {
  const auto found = [](std::string_view text) { return find_ftp_announcement(text); };
  const std::uint32_t address = ip("10.0.0.2").v4_bits();
  CHECK(found("PORT 10,0,0,2,15,160\r\n")->port == 4000);
  CHECK(found("port 10,0,0,2,15,160\r\n")->address == address);
  CHECK(found("EPRT |1|10.0.0.2|4000|\r\n")->port == 4000);
  CHECK(found("EPRT !1!10.0.0.2!4000!\r\n")->address == address);
  CHECK(found("227 Entering Passive Mode (10,0,0,2,15,160).\r\n")->port == 4000);
  CHECK(found("227 =10,0,0,2,15,160\r\n")->port == 4000);
  CHECK(found("229 Entering Extended Passive Mode (|||4000|)\r\n")->port == 4000);
  CHECK(found("PORT 10,0,0,2,15,160\r\n")->at == 5);
  CHECK(found("PORT 10,0,0,2,15,160\r\n")->length == 15);
}

TEST_CASE("ftp: what is no announcement is left alone", "[nat][rfc959-4.1.2]") {
  for (const char* text :
       {"", "PORT", "PORT \r\n", "PORT 10,0,0,2,15\r\n", "PORT 10,0,0,2,15,256\r\n",
        "PORT 10,0,0,2,0,0\r\n", "PORT 10,0,0,2,15,160", "EPRT |2|2001:db8::1|4000|\r\n",
        "EPRT |1|10.0.0.2|4000\r\n", "EPRT |1|x|4000|\r\n", "229 no port\r\n",
        "229 (|||70000|)\r\n", "227 \r\n", "220 Ready 1,2,3,4,5,6\r\n",
        "RETR PORT 1,2,3,4,5,6\r\n"}) {
    CAPTURE(text);
    CHECK_FALSE(find_ftp_announcement(text));
  }
  const std::string whole = "227 Entering Passive Mode (10,0,0,2,15,160).\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(find_ftp_announcement(std::string_view(whole).substr(0, size)));
}

TEST_CASE("nat: FTP's announcements are left as they are by default", "[nat][rfc5382-req6]") {
  Bench bench;
  bench.connect(host, server);
  const Outcome outcome = say(bench, "PORT 192,168,1,10,15,160\r\n", 1000);
  REQUIRE(outcome.action == Action::send_outside);
  CHECK(as_text(outcome.tcp().payload()) == "PORT 192,168,1,10,15,160\r\n");
}

TEST_CASE("nat: with its gateway, FTP's PORT names the external endpoint, which lets the server in",
          "[nat][rfc959-4.1.2][rfc5382-req6]") {
  Bench bench(with_ftp());
  bench.connect(host, server);
  const ByteVector sent = replaced(say(bench, "PORT 192,168,1,10,15,160\r\n", 1000));
  CHECK(as_text(tcp_of(sent).payload()) == "PORT 203,0,113,5,15,160\r\n");
  CHECK(source_of(sent) == TransportAddress{nat_external, 4000});
  CHECK(bench.nat.counters().payloads_rewritten == 1);
  const Outcome data =
      bench.tcp_in(at("198.51.100.1:20"), {nat_external, 4000}, tcp_flag::syn, {.sequence = 1});
  CHECK(data.destination() == at("192.168.1.10:4000"));
  CHECK_FALSE(bench.tcp_in(at("198.51.100.2:20"), {nat_external, 4000}, tcp_flag::syn).passed());
}

TEST_CASE("nat: sequence numbers, acknowledgments and SACK follow the change of length",
          "[nat][rfc5382-9][rfc2018-3]") {
  Bench bench(with_ftp());
  const TransportAddress seen = bench.connect(host, server);
  const std::string command = "EPRT |1|192.168.1.10|4001|\r\n";
  const ByteVector sent = replaced(say(bench, command, 1000));
  CHECK(as_text(tcp_of(sent).payload()) == "EPRT |1|203.0.113.5|4001|\r\n");
  CHECK(tcp_of(sent).sequence() == 1000);
  const auto size = static_cast<std::uint32_t>(command.size());

  // Retransmitted, it is the same.
  CHECK(replaced(say(bench, command, 1000)) == sent);
  // One byte less has left: what follows is one earlier outside, and its acknowledgment one later
  // inside.
  const ByteVector next = replaced(say(bench, "LIST\r\n", 1000 + size));
  CHECK(tcp_of(next).sequence() == 1000 + size - 1);
  CHECK(as_text(tcp_of(next).payload()) == "LIST\r\n");
  const ByteVector sack{1, 1, 5, 10, 0, 0, 0, 0, 0, 0, 0, 0};
  ByteVector options = sack;
  store_u32(options.data() + 4, 1000 + size - 1);
  store_u32(options.data() + 8, 1000 + size + 5);
  const ByteVector answer = replaced(bench.from_outside(
      make_tcp(server, seen, tcp_flag::ack, as_bytes("200 ok\r\n"),
               {.sequence = 5000, .acknowledgment = 1000 + size - 1, .options = options})));
  CHECK(tcp_of(answer).acknowledgment() == 1000 + size);
  CHECK(tcp_of(answer).sequence() == 5000);
  CHECK(load_u32(tcp_of(answer).options().data() + 4) == 1000 + size);
  CHECK(load_u32(tcp_of(answer).options().data() + 8) == 1000 + size + 6);
  // What was acknowledged before the command still is.
  const ByteVector early = replaced(bench.from_outside(
      make_tcp(server, seen, tcp_flag::ack, {}, {.sequence = 5000, .acknowledgment = 1000})));
  CHECK(tcp_of(early).acknowledgment() == 1000);
}

TEST_CASE("sequence offset: several changes add up, across the wrap", "[nat][rfc5382-9]") {
  SequenceOffset offset;
  CHECK(offset.is_none());
  CHECK(offset.applied_to(77) == 77);
  CHECK(offset.removed_from(77) == 77);
  offset.add(0xfffffff0, 3);
  CHECK(offset.applied_to(0xfffffff0) == 0xfffffff0);
  CHECK(offset.applied_to(5) == 8);
  CHECK(offset.removed_from(8) == 5);
  offset.add(10, -5);
  offset.add(10, -5);
  CHECK(offset.applied_to(10) == 13);
  CHECK(offset.applied_to(40) == 38);
  CHECK(offset.removed_from(38) == 40);
  CHECK(offset.removed_from(13) == 10);
}

TEST_CASE("nat: a server inside announces its external endpoint",
          "[nat][rfc959-4.2.2][rfc2428-3]") {
  Config config = with_ftp();
  config.ports = PortAssignment::random;
  config.forwards = {{Protocol::tcp, std::nullopt, 21, 1, at("192.168.1.10:21")}};
  Bench bench(config);
  const TransportAddress client = at("198.51.100.7:6000");
  const TransportAddress inside = at("192.168.1.10:21");
  REQUIRE(bench.tcp_in(client, {nat_external, 21}, tcp_flag::syn, {.sequence = 1}).passed());
  REQUIRE(
      bench.tcp_out(inside, client, tcp_flag::syn | tcp_flag::ack, {.acknowledgment = 2}).passed());
  for (const bool extended : {false, true}) {
    const std::string reply = extended ? "229 Entering Extended Passive Mode (|||4000|)\r\n"
                                       : "227 Entering Passive Mode (192,168,1,10,15,160)\r\n";
    const ByteVector sent = replaced(bench.from_inside(
        make_tcp(inside, client, tcp_flag::ack, as_bytes(reply), {.sequence = 1})));
    const auto told = find_ftp_announcement(as_text(tcp_of(sent).payload()));
    REQUIRE(told);
    CHECK(told->address.value_or(nat_external.v4_bits()) == nat_external.v4_bits());
    const Outcome data = bench.tcp_in({client.ip, 6001}, {nat_external, told->port}, tcp_flag::syn);
    CHECK(data.destination() == at("192.168.1.10:4000"));
  }
}

TEST_CASE("nat: a host cannot announce another one", "[nat][rfc2577-3]") {
  Bench bench(with_ftp());
  bench.connect(host, server);
  const Outcome outcome = say(bench, "PORT 192,168,1,11,15,160\r\n", 1000);
  REQUIRE(outcome.action == Action::send_outside);
  CHECK(as_text(outcome.tcp().payload()) == "PORT 192,168,1,11,15,160\r\n");
}

TEST_CASE("sip: a message is as it would have been written outside", "[nat][rfc3261-18]") {
  std::vector<Endpoint> media;
  const auto made = sip_for_outside(invite, {ip("192.168.1.10").v4_bits(), 5060},
                                    {nat_external.v4_bits(), 6000}, [&](Endpoint inside) {
                                      media.push_back(inside);
                                      return Endpoint{nat_external.v4_bits(), 50000};
                                    });
  REQUIRE(made);
  CHECK(made->find("Via: SIP/2.0/UDP 203.0.113.5:6000;branch") != std::string::npos);
  CHECK(made->find("<sip:alice@203.0.113.5:6000>") != std::string::npos);
  CHECK(made->find("Call-ID: 1192.168.1.100\r\n") != std::string::npos);
  CHECK(made->find("c=IN IP4 203.0.113.5\r\n") != std::string::npos);
  CHECK(made->find("m=audio 50000 RTP/AVP 0\r\n") != std::string::npos);
  CHECK(made->find("m=video 0 RTP/AVP 31\r\n") != std::string::npos);
  REQUIRE(media.size() == 1);
  CHECK(media[0].port == 49170);
  const auto body = made->substr(made->find("\r\n\r\n") + 4);
  CHECK(made->find("Content-Length: " + std::to_string(body.size()) + "\r\n") != std::string::npos);
}

TEST_CASE("sip: what is no message, and what speaks of others, is left alone", "[nat][rfc3261-7]") {
  const Endpoint inside{ip("192.168.1.10").v4_bits(), 5060};
  const Endpoint external{nat_external.v4_bits(), 6000};
  const auto no_media = [](Endpoint) { return std::optional<Endpoint>(); };
  CHECK_FALSE(sip_for_outside("hello 192.168.1.10:5060", inside, external, no_media));
  CHECK_FALSE(
      sip_for_outside("OPTIONS sip:x SIP/2.0\r\nVia: 192.168.1.10", inside, external, no_media));
  CHECK_FALSE(sip_for_outside("OPTIONS sip:x SIP/2.0\r\nVia: 192.168.1.101\r\n\r\n", inside,
                              external, no_media));
  CHECK_FALSE(sip_spoiled("hello 192.168.1.10", inside, external));
  for (std::size_t size = 0; size < invite.size(); ++size) {
    const std::string_view cut = std::string_view(invite).substr(0, size);
    static_cast<void>(sip_for_outside(cut, inside, external, no_media));
    static_cast<void>(sip_for_inside(cut, inside, external));
    static_cast<void>(sip_spoiled(cut, inside, external));
  }
}

TEST_CASE("nat: with its gateway, SIP's media are let in, and answers name the inside host again",
          "[nat][rfc3261-18][rfc4787-req10]") {
  Config config = default_config();
  config.sip_alg = SipAlg::on;
  config.filtering = Behavior::address_and_port_dependent;
  Bench bench(config);
  const TransportAddress phone = at("192.168.1.10:5060");
  const TransportAddress proxy = at("198.51.100.1:5060");
  const ByteVector sent = replaced(bench.from_inside(make_udp(phone, proxy, as_bytes(invite))));
  const std::string text(as_text(UdpView::parse(Ipv4View::parse(sent)->payload())->payload()));
  CHECK(text.find("192.168.1.10:") == std::string::npos);
  CHECK(text.find("m=audio 49170 ") != std::string::npos);
  CHECK(bench.udp_in(at("198.51.100.1:20000"), {nat_external, 49170}).destination() ==
        at("192.168.1.10:49170"));

  const std::string ok =
      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 203.0.113.5:5060;branch=z9hG4bK1\r\n\r\n";
  const ByteVector back =
      replaced(bench.from_outside(make_udp(proxy, {nat_external, 5060}, as_bytes(ok))));
  CHECK(as_text(UdpView::parse(Ipv4View::parse(back)->payload())->payload())
            .find("Via: SIP/2.0/UDP 192.168.1.10:5060;") != std::string_view::npos);
}

TEST_CASE("nat: a spoiling gateway replaces addresses and leaves ports and lengths",
          "[nat][rfc4787-req10]") {
  Config config = default_config();
  config.sip_alg = SipAlg::spoiling;
  config.ports = PortAssignment::random;
  Bench bench(config);
  const ByteVector sent = replaced(bench.from_inside(
      make_udp(at("192.168.1.10:5060"), at("198.51.100.1:5060"), as_bytes(invite))));
  const std::string text(as_text(UdpView::parse(Ipv4View::parse(sent)->payload())->payload()));
  CHECK(text.find("203.0.113.5:5060") != std::string::npos);
  CHECK(text.find("m=audio 49170 ") != std::string::npos);
  CHECK(text.find("Content-Length: 120\r\n") != std::string::npos);
  CHECK(bench.nat.mapping_count() == 1);
}

TEST_CASE("nat: payloads on other ports are not looked into", "[nat][rfc4787-req10a]") {
  Config config = default_config();
  config.sip_alg = SipAlg::on;
  config.ftp_alg = true;
  Bench bench(config);
  CHECK(
      bench
          .from_inside(make_udp(at("192.168.1.10:5061"), at("198.51.100.1:5062"), as_bytes(invite)))
          .action == Action::send_outside);
}
