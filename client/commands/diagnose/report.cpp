#include "client/commands/diagnose/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nat/sim/oracle.hpp"

namespace stile::diagnose {

namespace {

using discovery::Behavior;
using discovery::Findings;

nat::Behavior in_nat_terms(Behavior behavior) {
  switch (behavior) {
    case Behavior::endpoint_independent:
      return nat::Behavior::endpoint_independent;
    case Behavior::address_dependent:
      return nat::Behavior::address_dependent;
    case Behavior::address_and_port_dependent:
      return nat::Behavior::address_and_port_dependent;
  }
  return {};
}

/// As `stile lab` and `stile sim` name it. A host without a NAT has one address for everybody, as
/// behind the mildest one.
std::optional<sim::NatBehavior> nat_of(const Findings& findings) {
  if (!findings.filtering || (*findings.behind_nat && !findings.mapping)) return std::nullopt;
  const Behavior mapping = findings.mapping.value_or(Behavior::endpoint_independent);
  return sim::NatBehavior{in_nat_terms(mapping), in_nat_terms(*findings.filtering)};
}

/// The NATs whose peers meet us on this path.
std::vector<std::string> peers_on(sim::Path path, const sim::NatBehavior& ours) {
  std::vector<std::string> names;
  for (const sim::NatBehavior& theirs : sim::all_behaviors())
    if (sim::expected_path(ours, theirs, true) == path) names.push_back(sim::to_string(theirs));
  return names;
}

std::string mapping_in_words(Behavior mapping) {
  switch (mapping) {
    case Behavior::endpoint_independent:
      return "EIM, one public port whatever the destination";
    case Behavior::address_dependent:
      return "ADM, another public port for each destination address";
    case Behavior::address_and_port_dependent:
      return "APDM, another public port for each destination (\"symmetric\")";
  }
  return {};
}

std::string filtering_in_words(Behavior filtering) {
  switch (filtering) {
    case Behavior::endpoint_independent:
      return "EIF, anyone may write to a port in use";
    case Behavior::address_dependent:
      return "ADF, only addresses that we wrote to may write to us";
    case Behavior::address_and_port_dependent:
      return "APDF, only the very address and port that we wrote to may write to us";
  }
  return {};
}

std::string line(std::string_view name, std::string_view text) {
  return fmt::format("{:<13}{}\n", name, text);
}

constexpr const char* unknown = "could not be found out";

std::string nat_in_words(const Findings& findings) {
  std::string text;
  if (*findings.behind_nat)
    text += line("mapping", findings.mapping ? mapping_in_words(*findings.mapping) : unknown);
  text += line("filtering", findings.filtering ? filtering_in_words(*findings.filtering) : unknown);
  if (findings.hairpinning)
    text += line("hairpinning", *findings.hairpinning
                                    ? "yes, hosts behind this NAT can meet at its public address"
                                    : "no");
  return text;
}

/// What it comes to (RFC 4787 §4.1, §5).
std::string meaning(const sim::NatBehavior& ours) {
  const auto relayed = peers_on(sim::Path::relay, ours);
  if (relayed.empty()) return "\nDirect connections work with every peer, whatever its NAT.\n";
  return "\nDirect connections work with peers behind\n  " +
         fmt::format("{}", fmt::join(peers_on(sim::Path::direct, ours), ", ")) +
         "\nand with peers that have no NAT. A relay is needed with peers behind\n  " +
         fmt::format("{}", fmt::join(relayed, ", ")) + "\n(mapping/filtering, as above).\n";
}

}  // namespace

std::string for_people(const TransportAddress& server, const Findings& findings) {
  std::string text = line("server", server.to_string());
  text += line("our address", findings.local->to_string() + ", seen by the server as " +
                                  findings.mapped->to_string());
  text += line("NAT", !*findings.behind_nat      ? "no"
                      : *findings.port_preserved ? "yes, it kept our port"
                                                 : "yes");
  if (!findings.server_has_two_addresses)
    return text +
           "\nThe server has one address (it sends no OTHER-ADDRESS, RFC 5780). To find out how "
           "the NAT maps and\n"
           "filters, ask one that has two.\n";
  text += nat_in_words(findings);
  if (const auto ours = nat_of(findings)) text += meaning(*ours);
  return text;
}

nlohmann::json as_json(const TransportAddress& server, const Findings& findings) {
  nlohmann::json out{{"server", server.to_string()},
                     {"local", findings.local->to_string()},
                     {"mapped", findings.mapped->to_string()},
                     {"nat", *findings.behind_nat},
                     {"behavior-discovery", findings.server_has_two_addresses}};
  if (findings.mapping) out["mapping"] = to_string(*findings.mapping);
  if (findings.filtering) out["filtering"] = to_string(*findings.filtering);
  if (findings.hairpinning) out["hairpinning"] = *findings.hairpinning;
  if (findings.port_preserved) out["port-preserved"] = *findings.port_preserved;
  if (const auto ours = nat_of(findings)) {
    out["direct-with"] = peers_on(sim::Path::direct, *ours);
    out["relay-with"] = peers_on(sim::Path::relay, *ours);
  }
  return out;
}

}  // namespace stile::diagnose
