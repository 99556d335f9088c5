#include "nat/shell/netlink.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::size_t receive_buffer_size = 32768;
using ReceiveBuffer = std::array<std::uint8_t, receive_buffer_size>;

template <class T>
T copy_out(Bytes bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Bytes view_of(const std::uint32_t& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

/// Calls `visit` for each message in one datagram.
template <class Visit>
void for_each_message(Bytes datagram, Visit&& visit) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    const auto header = copy_out<nlmsghdr>(datagram);
    if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > datagram.size()) return;
    visit(NetlinkMessage{header.nlmsg_type,
                         datagram.subspan(sizeof(nlmsghdr), header.nlmsg_len - sizeof(nlmsghdr))});
    datagram =
        datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
  }
}

}  // namespace

void NetlinkMessages::begin_message(std::uint16_t type, std::uint16_t flags) {
  message_at_ = bytes_.size();
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  header.nlmsg_seq = ++sequence_;
  append({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
}

void NetlinkMessages::append(Bytes bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  update_length();
}

void NetlinkMessages::update_length() {
  const auto length = static_cast<std::uint32_t>(bytes_.size() - message_at_);
  std::memcpy(bytes_.data() + message_at_, &length, sizeof length);
}

NetlinkMessages& NetlinkMessages::attribute(std::uint16_t type, Bytes value) {
  const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), type};
  append({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
  append(value);
  return *this;
}

NetlinkMessages& NetlinkMessages::attribute(std::uint16_t type, std::string_view text) {
  ByteVector value = copy_of(as_bytes(text));
  value.push_back(0);
  return attribute(type, value);
}

NetlinkMessages& NetlinkMessages::attribute_u32_native(std::uint16_t type, std::uint32_t value) {
  return attribute(type, view_of(value));
}

NetlinkMessages& NetlinkMessages::attribute_u32(std::uint16_t type, std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes;
  store_u32(bytes.data(), value);
  return attribute(type, bytes);
}

NetlinkMessages& NetlinkMessages::nested(std::uint16_t type,
                                         const std::function<void(NetlinkMessages&)>& content) {
  const std::size_t at = bytes_.size();
  attribute(static_cast<std::uint16_t>(type | NLA_F_NESTED), Bytes{});
  content(*this);
  const auto length = static_cast<std::uint16_t>(bytes_.size() - at);
  std::memcpy(bytes_.data() + at, &length, sizeof length);
  return *this;
}

std::optional<Bytes> netlink_attribute(Bytes body, std::size_t family_header_length,
                                       std::uint16_t type) {
  if (body.size() < NLMSG_ALIGN(family_header_length)) return std::nullopt;
  body = body.subspan(NLMSG_ALIGN(family_header_length));
  while (body.size() >= sizeof(nlattr)) {
    const auto header = copy_out<nlattr>(body);
    if (header.nla_len < NLA_HDRLEN || header.nla_len > body.size()) return std::nullopt;
    if ((header.nla_type & NLA_TYPE_MASK) == type)
      return body.subspan(NLA_HDRLEN, header.nla_len - std::size_t{NLA_HDRLEN});
    body = body.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), body.size()));
  }
  return std::nullopt;
}

NetlinkSocket::NetlinkSocket(int protocol, std::uint32_t groups)
    : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {
  if (!fd_) throw Problem(with_errno("opening a netlink socket"));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Problem(with_errno("binding a netlink socket"));
}

int NetlinkSocket::transact(const NetlinkMessages& messages, std::size_t expected_acknowledgements,
                            const std::function<void(const NetlinkMessage&)>& visit) {
  const Bytes request = messages.bytes();
  if (::send(fd_.get(), request.data(), request.size(), 0) < 0) return errno;
  int first_error = 0;
  ReceiveBuffer buffer;
  while (expected_acknowledgements > 0) {
    // The kernel has answered by the time that send() returns. Refused as a whole, a batch gets one
    // answer only.
    const ssize_t length = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return first_error != 0 ? first_error : EIO;
    for_each_message(
        {buffer.data(), static_cast<std::size_t>(length)}, [&](const NetlinkMessage& message) {
          if (message.type != NLMSG_ERROR) {
            if (visit) visit(message);
            return;
          }
          if (expected_acknowledgements > 0) --expected_acknowledgements;
          const int error =
              message.body.size() < sizeof(int) ? EBADMSG : -copy_out<int>(message.body);
          if (first_error == 0) first_error = error;
        });
  }
  return first_error;
}

bool NetlinkSocket::receive(const std::function<void(const NetlinkMessage&)>& visit) {
  ReceiveBuffer buffer;
  for (;;) {
    const ssize_t length = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < 0) return errno != ENOBUFS;
    for_each_message({buffer.data(), static_cast<std::size_t>(length)}, visit);
  }
}

}  // namespace stile::nat::shell
