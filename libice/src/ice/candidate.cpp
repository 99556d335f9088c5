#include "stile/ice/candidate.hpp"

#include <algorithm>

#include "ice/words.hpp"

namespace stile::ice {

namespace {

constexpr std::size_t longest_line = 1024;      ///< Limit: of a candidate attribute
constexpr std::size_t longest_foundation = 32;  // RFC 8839 §5.1

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

std::optional<CandidateType> type_named(std::string_view name) {
  for (const auto type : {CandidateType::host, CandidateType::server_reflexive,
                          CandidateType::peer_reflexive, CandidateType::relayed})
    if (name == to_string(type)) return type;
  return std::nullopt;
}

std::unexpected<std::string> problem(std::string_view what) {
  return std::unexpected("candidate: " + std::string(what));
}

/// Everything behind the type: raddr and rport, and extensions, which come in pairs of words.
std::expected<void, std::string> parse_rest(Words& words, Candidate& candidate) {
  std::optional<IpAddress> related;
  while (const auto key = words.next()) {
    const auto value = words.next();
    if (!value) return problem("'" + std::string(*key) + "' has no value");
    if (*key == "raddr") {
      related = IpAddress::parse(*value);
      if (!related) return problem("raddr is not an IP address");
    } else if (*key == "rport" && related && !candidate.related) {
      Words port(*value);
      const auto number = port.number<std::uint16_t>(0, 65535);
      if (!number) return problem("rport is not a port");
      candidate.related = TransportAddress{*related, *number};
    } else {
      candidate.extensions.emplace_back(*key, *value);
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(CandidateType type) {
  switch (type) {
    case CandidateType::host:
      return "host";
    case CandidateType::server_reflexive:
      return "srflx";
    case CandidateType::peer_reflexive:
      return "prflx";
    case CandidateType::relayed:
      return "relay";
  }
  return "";
}

std::expected<Candidate, std::string> Candidate::parse(std::string_view line) {
  auto named = parse_named(line);
  if (!named) return std::unexpected(std::move(named.error()));
  if (!named->name.empty()) return problem("'" + named->name + "' is not an IP address");
  return std::move(named->candidate);
}

// RFC 8839 §5.1: candidate-attribute.
std::expected<NamedCandidate, std::string> Candidate::parse_named(std::string_view line) {
  if (line.size() > longest_line) return problem("longer than 1024 characters");
  if (line.starts_with("a=")) line.remove_prefix(2);
  constexpr std::string_view name = "candidate:";
  if (!line.starts_with(name)) return problem("does not begin with 'candidate:'");
  Words words(line.substr(name.size()));

  Candidate candidate;
  const auto foundation = words.next();
  if (!foundation || foundation->size() > longest_foundation ||
      !std::ranges::all_of(*foundation, is_ice_char))
    return problem("foundation is not 1 to 32 ice-chars");
  candidate.foundation = *foundation;
  const auto component = words.number<std::uint16_t>(1, 256);
  if (!component) return problem("component is not 1 to 256");
  candidate.component = *component;
  const auto transport = words.next();
  if (transport && equals_ignoring_case(*transport, "udp"))
    candidate.transport = Transport::udp;
  else if (transport && equals_ignoring_case(*transport, "tcp"))
    candidate.transport = Transport::tcp;
  else
    return problem("transport is neither UDP nor TCP");
  const auto priority = words.number<std::uint32_t>(1, 0x7fffffff);
  if (!priority) return problem("priority is not 1 to 2147483647");
  candidate.priority = *priority;

  const auto address = words.next();
  const auto ip = address ? IpAddress::parse(*address) : std::nullopt;
  const bool is_name = !ip && address && address->ends_with(".local");
  if (!ip && !is_name)
    return problem("'" + std::string(address.value_or("")) + "' is not an IP address");
  const auto port = words.number<std::uint16_t>(0, 65535);
  if (!port) return problem("port is not 0 to 65535");
  candidate.address = {ip.value_or(IpAddress{}), *port};
  const auto typ = words.next();
  const auto type = words.next();
  const auto known = type ? type_named(*type) : std::nullopt;
  if (typ != "typ" || !known) return problem("type is not host, srflx, prflx or relay");
  candidate.type = *known;
  if (const auto rest = parse_rest(words, candidate); !rest) return std::unexpected(rest.error());
  return NamedCandidate{std::move(candidate), is_name ? std::string(*address) : std::string()};
}

std::string Candidate::to_string() const {
  std::string line = "candidate:" + foundation + " " + std::to_string(component) +
                     (transport == Transport::udp ? " UDP " : " TCP ") + std::to_string(priority) +
                     " " + (name.empty() ? address.ip.to_string() : name) + " " +
                     std::to_string(address.port) + " typ ";
  line += ice::to_string(type);
  if (related)
    line += " raddr " + related->ip.to_string() + " rport " + std::to_string(related->port);
  for (const auto& [key, value] : extensions) line += " " + key + " " + value;
  return line;
}

}  // namespace stile::ice
