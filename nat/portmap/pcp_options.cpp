#include "nat/portmap/pcp_options.hpp"

#include <algorithm>

namespace stile::nat::portmap::pcp {

namespace {

constexpr std::uint8_t third_party = 1;
constexpr std::uint8_t prefer_failure = 2;
constexpr std::uint8_t filter = 3;
constexpr std::uint8_t first_optional = 128;
constexpr std::uint8_t prefix64 = 129;
constexpr std::size_t prefix64_length = 14;
constexpr std::size_t option_header_size = 4;

/// RFC 6887 §13.1.
Result read_third_party(Options& options, Bytes data) {
  if (data.size() != 16 || options.third_party) return Result::malformed_option;
  options.third_party = IpAddress::from_bytes(data);
  return Result::success;
}

/// RFC 6887 §13.2.
Result read_prefer_failure(Options& options, Bytes data) {
  if (!data.empty() || options.prefer_failure) return Result::malformed_option;
  options.prefer_failure = true;
  return Result::success;
}

/// RFC 6887 §13.3. Prefixes of IPv4 are counted in the mapped form, from 96 on.
Result read_filter(Options& options, Bytes data, Family family) {
  const unsigned shortest = family == Family::ipv4 ? 96 : 0;
  if (data.size() != 20) return Result::malformed_option;
  options.has_filter = true;
  const unsigned length = data[1];
  if (length == 0) {
    options.removes_filters = true;
    options.filters.clear();
    return Result::success;
  }
  const IpAddress peer = *IpAddress::from_bytes(data.subspan(4));
  if (peer.family() != family || length < shortest || length > 128) return Result::malformed_option;
  options.filters.push_back({IpPrefix(peer, length - shortest), load_u16(&data[2])});
  return Result::success;
}

Result read_one(Options& options, Opcode opcode, std::uint8_t code, Bytes data, Family family) {
  if (opcode == Opcode::announce || code < third_party || code > filter)
    return Result::unsupp_option;
  if (code == third_party) return read_third_party(options, data);
  if (opcode != Opcode::map) return Result::malformed_option;
  return code == prefer_failure ? read_prefer_failure(options, data)
                                : read_filter(options, data, family);
}

}  // namespace

/// RFC 6887 §7.3. The structure of all is looked at before what one says.
std::expected<Options, Result> read_options(Bytes bytes, Opcode opcode, Family family) {
  Options options;
  Result problem = Result::success;
  while (!bytes.empty()) {
    const std::size_t length = load_u16(&bytes[2]);
    const std::size_t padded = option_header_size + (length + 3) / 4 * 4;
    if (padded > bytes.size()) return std::unexpected(Result::malformed_option);
    if (bytes[0] < first_optional && problem == Result::success) {
      problem =
          read_one(options, opcode, bytes[0], bytes.subspan(option_header_size, length), family);
      options.processed.insert(options.processed.end(), bytes.begin(),
                               bytes.begin() + static_cast<std::ptrdiff_t>(padded));
    }
    // RFC 7225 §4.3: a request has ::/96 in it, so that the answer is no longer.
    if (bytes[0] == prefix64 && length >= prefix64_length && opcode != Opcode::peer)
      options.asks_prefix64 = true;
    bytes = bytes.subspan(padded);
  }
  if (problem != Result::success) return std::unexpected(problem);
  return options;
}

ByteVector make_prefix64_option(const IpPrefix& prefix) {
  ByteVector option(option_header_size + (prefix64_length + 3) / 4 * 4);
  option[0] = prefix64;
  store_u16(&option[2], prefix64_length);
  const unsigned octets = prefix.length() / 8;
  store_u16(&option[4], static_cast<std::uint16_t>(octets));
  std::copy_n(prefix.address().v6_bytes().begin(), octets, option.begin() + 6);
  return option;
}

}  // namespace stile::nat::portmap::pcp
