#pragma once

#include <algorithm>

#include "stile/base/address.hpp"
#include "tests/fuzz/input.hpp"

namespace stile::fuzz {

/// What PCP requests are about: few ports, so that they meet.
struct PcpSubjects {
  std::uint16_t first_port;
  std::uint8_t ports;
  IpAddress suggested;
  IpAddress remote;
};

/// A PCP request (RFC 6887 §7.1, §11.1 and §12.1) that is almost right, with one of two nonces.
inline ByteVector pcp_request(Input& input, const IpAddress& client, const PcpSubjects& subjects) {
  const auto port = [&] {
    return static_cast<std::uint16_t>(subjects.first_port + input.u8() % subjects.ports);
  };
  const std::uint8_t opcode = input.u8() % 3;
  ByteVector request(opcode == 0 ? 24 : opcode == 1 ? 60 : 80);
  request[0] = 2;
  request[1] = opcode;
  store_u32(&request[4], std::uint32_t{input.u8()} * 8);
  std::ranges::copy(client.v6_bytes(), &request[8]);
  if (opcode != 0) {
    request[24] = input.u8() % 2;
    request[36] = input.u8() % 4 == 0 ? 6 : 17;
    store_u16(&request[40], port());
    store_u16(&request[42], input.u8() % 2 ? port() : std::uint16_t{0});
    std::ranges::copy(subjects.suggested.v6_bytes(), &request[44]);
  }
  if (opcode == 2) {
    store_u16(&request[60], input.u8());
    std::ranges::copy(subjects.remote.v6_bytes(), &request[64]);
  }
  const Bytes options = input.bytes(input.u8() % 64);
  request.insert(request.end(), options.begin(), options.end());
  return request;
}

}  // namespace stile::fuzz
