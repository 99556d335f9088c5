#include "nat/portmap/pcp_message.hpp"

#include <algorithm>

namespace stile::nat::portmap::pcp {

namespace {

constexpr std::uint32_t short_lifetime = 30;
constexpr std::uint32_t long_lifetime = 30 * 60;

constexpr std::size_t external_port_offset = 18;
constexpr std::size_t external_address_offset = 20;

TransportAddress read_endpoint(Bytes address, const std::uint8_t* port) {
  return {*IpAddress::from_bytes(address), load_u16(port)};
}

void set_header(ByteVector& response, Result result, std::uint32_t lifetime_seconds,
                std::uint32_t epoch_seconds) {
  response[0] = version;
  response[1] |= response_bit;
  response[2] = 0;
  response[3] = static_cast<std::uint8_t>(result);
  store_u32(&response[4], lifetime_seconds);
  store_u32(&response[8], epoch_seconds);
}

/// RFC 6887 §7.2: 96 bits at 12; what could not be read keeps those of the client's address.
bool was_read(Result result) {
  return result != Result::unsupp_version && result != Result::malformed_request &&
         result != Result::malformed_option;
}

}  // namespace

MapPayload MapPayload::read(Bytes bytes) {
  MapPayload payload;
  std::ranges::copy(bytes.first(payload.nonce.size()), payload.nonce.begin());
  payload.protocol = bytes[12];
  payload.internal_port = load_u16(&bytes[16]);
  payload.external =
      read_endpoint(bytes.subspan(external_address_offset, 16), &bytes[external_port_offset]);
  return payload;
}

PeerPayload PeerPayload::read(Bytes bytes) {
  PeerPayload payload{MapPayload::read(bytes), {}};
  payload.remote = read_endpoint(bytes.subspan(40, 16), &bytes[36]);
  return payload;
}

void store_external(MutableBytes payload, const TransportAddress& external) {
  store_u16(&payload[external_port_offset], external.port);
  std::ranges::copy(external.ip.v6_bytes(), &payload[external_address_offset]);
}

ByteVector make_success(const RequestView& request, std::size_t payload_size, Bytes options,
                        std::uint32_t lifetime_seconds, std::uint32_t epoch_seconds) {
  ByteVector response = copy_of(request.message().first(header_size + payload_size));
  set_header(response, Result::success, lifetime_seconds, epoch_seconds);
  std::fill_n(response.begin() + 12, 12, std::uint8_t{0});
  response.insert(response.end(), options.begin(), options.end());
  return response;
}

ByteVector make_error(Bytes request, Result result, std::uint32_t lifetime_seconds,
                      std::uint32_t epoch_seconds) {
  ByteVector response = copy_of(request.first(std::min(request.size(), largest_message)));
  response.resize(std::max(header_size, (response.size() + 3) / 4 * 4));
  set_header(response, result, lifetime_seconds, epoch_seconds);
  if (was_read(result)) std::fill_n(response.begin() + 12, 12, std::uint8_t{0});
  return response;
}

ByteVector make_announcement(std::uint32_t epoch_seconds) {
  ByteVector message(header_size);
  set_header(message, Result::success, 0, epoch_seconds);
  return message;
}

Result result_of(ExplicitRefusal refusal) {
  switch (refusal) {
    case ExplicitRefusal::external_unavailable:
      return Result::cannot_provide_external;
    case ExplicitRefusal::resources:
      return Result::no_resources;
    case ExplicitRefusal::quota:
      return Result::user_ex_quota;
    case ExplicitRefusal::too_many_filters:
      return Result::excessive_remote_peers;
  }
  return Result::no_resources;
}

std::uint32_t lifetime_of_error(Result result) {
  switch (result) {
    case Result::success:
      return 0;
    case Result::network_failure:
    case Result::no_resources:
    case Result::user_ex_quota:
    case Result::cannot_provide_external:
      return short_lifetime;
    case Result::unsupp_version:
    case Result::not_authorized:
    case Result::malformed_request:
    case Result::unsupp_opcode:
    case Result::unsupp_option:
    case Result::malformed_option:
    case Result::unsupp_protocol:
    case Result::address_mismatch:
    case Result::excessive_remote_peers:
      return long_lifetime;
  }
  return long_lifetime;
}

std::string_view name_of(Result result) {
  constexpr std::array<std::string_view, result_count> names{
      "success",          "unsupp_version",        "not_authorized",   "malformed_request",
      "unsupp_opcode",    "unsupp_option",         "malformed_option", "network_failure",
      "no_resources",     "unsupp_protocol",       "user_ex_quota",    "cannot_provide_external",
      "address_mismatch", "excessive_remote_peers"};
  return names[static_cast<std::size_t>(result)];
}

}  // namespace stile::nat::portmap::pcp
