#include "tests/unit/portmap/bench.hpp"

namespace stile::nat::portmap::test {

TEST_CASE("pcp: PEER makes a session before the first packet", "[portmap][rfc6887-12.3]") {
  Bench bench;
  const Request request{.opcode = 2, .suggested = {external, 8000}};
  const Response response = bench.ask(request);
  CHECK(response.result() == Result::success);
  CHECK(response.bytes.size() == 80);
  CHECK(response.assigned() == TransportAddress{external, 8000});
  CHECK(response.lifetime() == 3600);
  CHECK(load_u16(&response.bytes[60]) == stranger.port);
  CHECK(*IpAddress::from_bytes(Bytes(response.bytes).subspan(64)) == stranger.ip);
  CHECK(bench.delivered(stranger, response.assigned()));
  CHECK_FALSE(bench.delivered({stranger.ip, 1}, response.assigned()));
  CHECK(bench.seen({host, 5000}, stranger) == response.assigned());
}

TEST_CASE("pcp: PEER with a short lifetime reads that of a session", "[portmap][rfc6887-12.3]") {
  Bench bench;
  const TransportAddress seen = bench.seen({host, 5000}, stranger);
  bench.wait(60s);
  const Response read = bench.ask({.opcode = 2, .lifetime = 1, .suggested = {external, 8000}});
  CHECK(read.result() == Result::success);
  CHECK(read.assigned() == seen);
  CHECK(read.lifetime() == 240);
  CHECK(bench.ask({.opcode = 2, .lifetime = 1000}).lifetime() == 1000);
  bench.wait(999s);
  CHECK(bench.nat.session_count() == 1);
  bench.wait(1s);
  CHECK(bench.nat.session_count() == 0);
}

TEST_CASE("pcp: PEER is refused to who does not know the nonce", "[portmap][rfc6887-12.3]") {
  Bench bench;
  bench.ask({.opcode = 2});
  const Response refused = bench.ask({.opcode = 2, .nonce = {9}});
  CHECK(refused.result() == Result::not_authorized);
  CHECK(refused.lifetime() == 3600);
  Request elsewhere{.opcode = 2, .nonce = {9}};
  elsewhere.remote.port = 1;
  CHECK(bench.ask(elsewhere).result() == Result::success);
}

TEST_CASE("pcp: PEER does nothing where its suggestion cannot be had", "[portmap][rfc6887-12.3]") {
  Bench bench;
  bench.seen({neighbour, 8000}, stranger);
  CHECK(bench.ask({.opcode = 2, .suggested = {external, 8000}}).result() ==
        Result::cannot_provide_external);
  CHECK(bench.ask({.opcode = 2, .suggested = {IpAddress::v4(192, 0, 2, 7), 0}}).result() ==
        Result::cannot_provide_external);
  CHECK(bench.nat.session_count() == 1);
}

TEST_CASE("pcp: PEER with endpoints that cannot be", "[portmap][rfc6887-12.3]") {
  Bench bench;
  for (const IpAddress& address : {IpAddress::v4(127, 0, 0, 1), IpAddress::v4(224, 0, 0, 1),
                                   IpAddress::v4(0), IpAddress{}, IpAddress::v4(0xffffffff)}) {
    Request request{.opcode = 2};
    request.remote.ip = address;
    CHECK(bench.ask(request).result() == Result::malformed_request);
  }
  CHECK(bench.ask({.opcode = 2, .protocol = 0}).result() == Result::malformed_request);
  CHECK(bench.ask({.opcode = 2, .internal_port = 0}).result() == Result::malformed_request);
  CHECK(bench.ask({.opcode = 2, .protocol = 132}).result() == Result::unsupp_protocol);
  CHECK(bench.ask({.opcode = 2, .options = option(2, {})}).result() == Result::malformed_option);
  CHECK(bench.nat.session_count() == 0);
}

}  // namespace stile::nat::portmap::test
