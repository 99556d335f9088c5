#include "server/shell/control.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "control/address.hpp"
#include "control/error.hpp"
#include "server/shell/socket.hpp"
#include "server/shell/start_error.hpp"
#include "tests/unit/server_shell/test_certificate.hpp"

using namespace stile::server;
using stile::server::test::TemporaryFolder;

namespace {

/// A control socket in a folder of its own, and clients of it.
struct Controlled {
  std::string ask(const std::string& line) {
    const stile::control::Address address(path);
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    REQUIRE(connect(socket.fd(), address.get(), address.length) == 0);
    REQUIRE(send(socket.fd(), line.data(), line.size(), 0) == static_cast<ssize_t>(line.size()));
    for (int i = 0; i < 2; ++i) control.handle_ready();  // the client, then its line
    std::string answer(4096, 0);
    const ssize_t size = recv(socket.fd(), answer.data(), answer.size(), MSG_DONTWAIT);
    answer.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return answer;
  }
  TemporaryFolder folder;
  std::string path = folder.path("control");
  Control control{path,
                  {{"echo", [](std::string_view text) { return std::string(text); }},
                   {"fail", [](std::string_view text) -> std::string {
                      throw stile::control::Error("no " + std::string(text));
                    }}}};
};

}  // namespace

TEST_CASE_METHOD(Controlled, "control: the first word is the command, the rest its argument",
                 "[server][control]") {
  CHECK(ask("echo one two\n") == "one two\n");
  CHECK(ask("echo\n") == "\n");
  CHECK(ask("fail luck\n") == "{\"error\":\"no luck\"}\n");
  CHECK(ask("other\n") == "{\"error\":\"'other' is no command\"}\n");
  CHECK(ask("echoes x\n") == "{\"error\":\"'echoes x' is no command\"}\n");
  CHECK(ask("\n") == "{\"error\":\"'' is no command\"}\n");
}

TEST_CASE_METHOD(Controlled, "control: a line that has no end gets no answer",
                 "[server][control]") {
  CHECK(ask(std::string(10'000, 'x')).empty());
  CHECK(ask("ech").empty());
  CHECK(ask("echo still here\n") == "still here\n");
}

TEST_CASE_METHOD(Controlled, "control: the socket is its owner's alone", "[server][control]") {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE_METHOD(Controlled, "control: a socket that is in use is not taken", "[server][control]") {
  Log log({.level = LogLevel::error});
  CHECK_THROWS_AS(open_control(path, {}, log), StartError);
  CHECK(open_control("", {}, log) == nullptr);
  CHECK(open_control(folder.path("other"), {}, log) != nullptr);
}
