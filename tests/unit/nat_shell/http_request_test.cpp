#include <catch2/catch.hpp>

#include "nat/shell/http_request.hpp"

namespace stile::nat::shell {

TEST_CASE("http: a request is complete with its body, and not before", "[nat][shell]") {
  const std::string whole =
      "POST /control HTTP/1.1\r\nHost: 10.1.0.1:49000\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK(read_http_request(whole.substr(0, length)).state == HttpState::incomplete);
  const HttpReading reading = read_http_request(whole);
  REQUIRE(reading.state == HttpState::complete);
  CHECK(reading.message.method == "POST");
  CHECK(reading.message.target == "/control");
  CHECK(reading.message.host == "10.1.0.1:49000");
  CHECK(reading.message.body == "hello");
}

TEST_CASE("http: fields of subscriptions are there, empty, or missing", "[nat][shell]") {
  const auto read = read_http_request(
      "SUBSCRIBE /event HTTP/1.1\r\nHost: a\r\nCallback: <http://10.1.0.2/>\r\nnt:\r\n"
      "TIMEOUT: Second-60\r\n\r\n");
  REQUIRE(read.state == HttpState::complete);
  CHECK(read.message.method == "SUBSCRIBE");
  CHECK(read.message.subscription.callback == "<http://10.1.0.2/>");
  CHECK(read.message.subscription.nt == "");
  CHECK_FALSE(read.message.subscription.sid);
  CHECK(read.message.subscription.timeout == "Second-60");
}

TEST_CASE("http: a body may come in chunks", "[nat][shell]") {
  const HttpReading reading = read_http_request(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  REQUIRE(reading.state == HttpState::complete);
  CHECK(reading.message.body == "abc");
}

TEST_CASE("http: what is no request, or too much, is invalid", "[nat][shell]") {
  CHECK(read_http_request("hello\r\n\r\n").state == HttpState::invalid);
  CHECK(read_http_request("POST / HTTP/1.1\r\nContent-Length: 16385\r\n\r\n").state ==
        HttpState::invalid);
  CHECK(read_http_request("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n").state ==
        HttpState::invalid);
  CHECK(read_http_request("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n").state ==
        HttpState::invalid);
}

}  // namespace stile::nat::shell
