#include "server/shell/service_manager.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "control/address.hpp"
#include "server/shell/socket.hpp"
#include "tests/unit/server_shell/test_certificate.hpp"

using namespace stile::server;

TEST_CASE("server: a service manager that asks for it is told", "[server][service-manager]") {
  const test::TemporaryFolder folder;
  const stile::control::Address address(folder.path("notify"));
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  REQUIRE(bind(socket.fd(), address.get(), address.length) == 0);
  setenv("NOTIFY_SOCKET", folder.path("notify").c_str(), 1);
  tell_service_manager("READY=1");
  std::string told(100, 0);
  REQUIRE(recv(socket.fd(), told.data(), told.size(), 0) == 7);
  CHECK(told.starts_with("READY=1"));
  for (const std::string& nobody : {folder.path("none"), std::string(), std::string(200, 'x')}) {
    setenv("NOTIFY_SOCKET", nobody.c_str(), 1);
    tell_service_manager("STOPPING=1");
  }
  unsetenv("NOTIFY_SOCKET");
  tell_service_manager("STOPPING=1");
  CHECK(recv(socket.fd(), told.data(), told.size(), 0) == -1);
}
