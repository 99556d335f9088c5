#include "control/client.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "control/address.hpp"
#include "control/descriptor.hpp"
#include "control/error.hpp"
#include "control/printable.hpp"

namespace stile::control {

namespace {

Descriptor connect(const std::string& program, const std::string& path) {
  const Address address(path);
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), address.get(), address.length) == 0) return fd;
  if (errno == ECONNREFUSED || errno == ENOENT)
    throw Error(fmt::format(
        "no {} listens on {}; start it, enter its network namespace, or give its --control",
        program, path));
  throw Error(fmt::format("connecting to {}: {}", path, std::strerror(errno)));
}

/// Until the other side ends the connection.
std::string read_all(const Descriptor& fd) {
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t length = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

}  // namespace

Answer ask(const std::string& program, const std::string& path, const std::string& command) {
  const Descriptor fd = connect(program, path);
  const std::string line = command + "\n";
  // One that is not taken gets no answer either, which is told below.
  static_cast<void>(::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL));
  std::string text = read_all(fd);
  if (text.empty())
    throw Error(fmt::format("the {} on {} ended before it answered", program, path));
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw Error(fmt::format("{} gives no answer; is it a {}'s socket?", path, program));
  if (json.contains("error")) throw Error(json.at("error").get<std::string>());
  return {std::move(text), std::move(json)};
}

void print_values(const Json& object, const std::string& prefix) {
  for (const auto& [name, value] : object.items()) {
    if (value.is_object())
      print_values(value, prefix + name + ".");
    else
      fmt::print("{:<44} {}\n", prefix + name,
                 value.is_string() ? printable(value.get<std::string>()) : value.dump());
  }
}

}  // namespace stile::control
