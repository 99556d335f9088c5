#include "asio/proxy_tunnel.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace stile {

namespace {

constexpr std::size_t longest_http_answer = 8192;  ///< Limit: status line and fields
constexpr std::string_view end_of_fields = "\r\n\r\n";

// RFC 1928 §3, §4, §6; RFC 1929 §2.
constexpr std::uint8_t socks_version = 5;
constexpr std::uint8_t no_authentication = 0;
constexpr std::uint8_t by_password = 2;
constexpr std::uint8_t password_version = 1;
constexpr std::uint8_t connect_command = 1;
constexpr std::uint8_t type_v4 = 1, type_name = 3, type_v6 = 4;

constexpr std::array<std::string_view, 9> refusals{"",
                                                   "general failure",
                                                   "its rules do not allow it",
                                                   "network unreachable",
                                                   "host unreachable",
                                                   "connection refused",
                                                   "took too long on the way",
                                                   "it knows no CONNECT",
                                                   "it does not know this kind of address"};

std::string base64(std::string_view text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

void append(ByteVector& bytes, std::string_view word) {
  bytes.push_back(static_cast<std::uint8_t>(word.size()));
  bytes.insert(bytes.end(), word.begin(), word.end());
}

}  // namespace

ProxyTunnel::ProxyTunnel(Proxy proxy, const TransportAddress& target)
    : proxy_(std::move(proxy)),
      target_(target),
      step_(proxy_.kind == Proxy::Kind::http ? Step::http_answer : Step::method) {}

ByteVector ProxyTunnel::begin() const {
  if (proxy_.kind == Proxy::Kind::http) return connect_request();
  if (proxy_.username.empty()) return {socks_version, 1, no_authentication};
  return {socks_version, 2, no_authentication, by_password};
}

ProxyTunnel::Status ProxyTunnel::take(Bytes bytes, ByteVector& answer) {
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  for (;;) {
    const Step before = step_;
    Status status = Status::goes_on;
    switch (step_) {
      case Step::http_answer:
        status = take_http();
        break;
      case Step::method:
        status = take_method(answer);
        break;
      case Step::authentication:
        status = take_authentication(answer);
        break;
      case Step::reply:
        status = take_reply();
        break;
    }
    if (status != Status::goes_on || step_ == before) return status;
  }
}

// RFC 9110 §9.3.6: any 2xx, and then the other end's bytes. A TURN server never speaks first.
ByteVector ProxyTunnel::connect_request() const {
  const std::string place = target_.to_string();
  std::string request = "CONNECT " + place + " HTTP/1.1\r\nHost: " + place + "\r\n";
  if (!proxy_.username.empty())
    request +=
        "Proxy-Authorization: Basic " + base64(proxy_.username + ":" + proxy_.password) + "\r\n";
  return copy_of(as_bytes(request + "\r\n"));
}

ProxyTunnel::Status ProxyTunnel::take_http() {
  const std::string_view text = as_text(input_);
  const auto end = text.find(end_of_fields);
  if (end == text.npos) {
    if (input_.size() > longest_http_answer) return refuse("its answer has no end");
    return Status::goes_on;
  }
  const std::string_view line = text.substr(0, text.find("\r\n"));
  const bool is_http = line.starts_with("HTTP/1.") && line.size() >= 12 && line[8] == ' ';
  if (!is_http) return refuse("it does not speak HTTP");
  const std::string_view code = line.substr(9, 3);
  if (code == "407") return refuse("it wants another user or password (407)");
  if (code[0] != '2') return refuse("it answers " + std::string(line.substr(9, 80)));
  if (end + end_of_fields.size() != text.size()) return refuse("it says more than was asked");
  return Status::open;
}

// RFC 1928 §3.
ProxyTunnel::Status ProxyTunnel::take_method(ByteVector& answer) {
  if (input_.size() < 2) return Status::goes_on;
  if (input_[0] != socks_version) return refuse("it does not speak SOCKS 5");
  const std::uint8_t method = input_[1];
  input_.erase(input_.begin(), input_.begin() + 2);
  if (method == no_authentication) {
    answer = socks_request();
    step_ = Step::reply;
    return Status::goes_on;
  }
  if (method != by_password || proxy_.username.empty())
    return refuse("it wants another way of authentication");
  answer = {password_version};
  append(answer, proxy_.username);
  append(answer, proxy_.password);
  step_ = Step::authentication;
  return Status::goes_on;
}

// RFC 1929 §2.
ProxyTunnel::Status ProxyTunnel::take_authentication(ByteVector& answer) {
  if (input_.size() < 2) return Status::goes_on;
  if (input_[1] != 0) return refuse("it wants another user or password");
  input_.erase(input_.begin(), input_.begin() + 2);
  answer = socks_request();
  step_ = Step::reply;
  return Status::goes_on;
}

// RFC 1928 §4.
ByteVector ProxyTunnel::socks_request() const {
  ByteVector request{socks_version, connect_command, 0};
  const auto v6 = target_.ip.v6_bytes();
  const bool is_v4 = target_.ip.is_v4();
  request.push_back(is_v4 ? type_v4 : type_v6);
  request.insert(request.end(), is_v4 ? v6.begin() + 12 : v6.begin(), v6.end());
  request.push_back(static_cast<std::uint8_t>(target_.port >> 8));
  request.push_back(static_cast<std::uint8_t>(target_.port));
  return request;
}

// RFC 1928 §6: version, reply, 0, an address of some kind, a port.
ProxyTunnel::Status ProxyTunnel::take_reply() {
  if (input_.size() < 5) return Status::goes_on;
  if (input_[0] != socks_version) return refuse("it does not speak SOCKS 5");
  if (const std::uint8_t code = input_[1]; code != 0)
    return refuse(code < refusals.size() ? std::string(refusals[code])
                                         : "reply " + std::to_string(code));
  std::size_t address = 0;
  if (input_[3] == type_v4) address = 4;
  if (input_[3] == type_v6) address = 16;
  if (input_[3] == type_name) address = 1u + input_[4];
  if (address == 0) return refuse("it does not speak SOCKS 5");
  const std::size_t size = 4 + address + 2;
  if (input_.size() < size) return Status::goes_on;
  if (input_.size() > size) return refuse("it says more than was asked");
  return Status::open;
}

ProxyTunnel::Status ProxyTunnel::refuse(std::string reason) {
  // What it says is printed, to a terminal perhaps.
  std::ranges::replace_if(
      reason, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  reason_ = "the proxy " + proxy_.address.to_string() + ": " + std::move(reason);
  return Status::refused;
}

}  // namespace stile
