// Holes that another server had, by the names that they were given: those that the shell would
// have.

#include <catch2/catch.hpp>

#include "server/shell/options.hpp"
#include "tests/unit/server_shell/stream_server.hpp"
#include "tests/unit/server_shell/written_log.hpp"

using namespace stile;
using namespace stile::server;
using namespace stile::server::test;

TEST_CASE("CVE-2018-4059: the server listens where it was told to and nowhere else",
          "[server][regression]") {
  const char* const arguments[] = {"stile-server", "--listen", "127.0.0.1:3478", "--user", "u:p"};
  const auto options = std::get<Options>(read_options(std::size(arguments), arguments));
  CHECK(options.all_listeners() == std::vector{TransportAddress::parse("127.0.0.1:3478").value()});
  CHECK(options.control.starts_with('@'));  // on this machine, and asked by its owner alone
}

TEST_CASE_METHOD(StreamServer,
                 "CVE-2020-6061, CVE-2020-6062, GHSA-m23x-5qf5-988g: HTTP on the port of TURN is "
                 "answered by nobody, whole or cut",
                 "[server][regression]") {
  const std::string_view request =
      "POST /logon HTTP/1.1\r\nHost: example.org\r\nContent-Length: 99999999\r\n\r\nuname=a&pwd=%";
  for (std::size_t size = 1; size <= request.size(); ++size) {
    Caller caller(address);
    caller.say(request.substr(0, size));
    run();
    CHECK(caller.hear().empty());
    CHECK(caller.ended == (size >= 4));  // four bytes begin ChannelData at best
  }
  pass(std::chrono::minutes(1));
  CHECK(counters.connections_now == 0);
  CHECK(messages.empty());
}

TEST_CASE("GHSA-4g7c-p5wg-j4hp: what is logged is no format", "[server][regression]") {
  const std::string name = "%n%s%p{}{0}";
  for (const LogFormat format : {LogFormat::text, LogFormat::json}) {
    WrittenLog written({.format = format});
    written.log.write(Instant{}, LogLevel::info, "allocation-created",
                      {{"user", std::string_view(name)}});
    CHECK(written.lines().at(0).contains(name));
  }
}
