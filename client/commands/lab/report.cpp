#include "client/commands/lab/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace stile::lab {

namespace {

constexpr const char* columns = "  {0:<{7}} {1:<{7}} {2:<{7}} {3:<14} {4:<15} {5:>7}  {6}\n";

std::string carrier_name(const Scenario& scenario) {
  return scenario.carrier ? scenario.carrier->to_string() : "-";
}

std::string verdict(const Scenario& scenario, const Meeting& meeting) {
  const auto expected = theory(scenario);
  const std::string why = meeting.reason.empty() ? "" : ": " + meeting.reason;
  if (!expected) return "no theory" + why;
  if (meeting.path == *expected) return "yes";
  return fmt::format("NO, theory says {}{}", name_of(*expected), why);
}

}  // namespace

std::size_t width_of_names(std::span<const Scenario> scenarios) {
  std::size_t width = 10;
  for (const Scenario& each : scenarios)
    for (const std::string& name : {each.a.to_string(), each.b.to_string(), carrier_name(each)})
      width = std::max(width, name.size());
  return width;
}

std::string table_head(std::size_t width) {
  return fmt::format(columns, "NAT of a", "NAT of b", "carrier", "they meet", "by (a - b)", "in",
                     "as theory says", width);
}

std::string table_row(const Scenario& scenario, const Meeting& meeting, std::size_t width) {
  const bool met = meeting.path != Path::none;
  return fmt::format(
      columns, scenario.a.to_string(), scenario.b.to_string(), carrier_name(scenario),
      name_of(meeting.path), met ? meeting.local_a + " - " + meeting.local_b : "-",
      met ? fmt::format("{} ms", meeting.milliseconds) : "-", verdict(scenario, meeting), width);
}

std::string legend() {
  return "  NATs are named by RFC 4787: mapping/filtering.\n"
         "    Mapping, when a host behind the NAT writes to another address or port: does it keep "
         "its public port?\n"
         "      EIM  yes, always (endpoint-independent)   ADM  per address   APDM  no: a new one "
         "for each (\"symmetric\")\n"
         "    Filtering, who may write to that public port?\n"
         "      EIF  anyone   ADF  the addresses written to   APDF  only the very address and port "
         "written to\n"
         "    none: no NAT.  nftables: the Linux kernel's own NAT, as in most home routers.  like: "
         "a known NAT.\n"
         "  The ends of a path: host, its own address; srflx, its public address as STUN showed "
         "it; prflx, a public address\n"
         "  that only the check itself showed; relay, an address at the TURN server.\n";
}

std::string json_row(const Scenario& scenario, const Meeting& meeting, const std::string& where) {
  nlohmann::json row{{"a", scenario.a.to_string()},
                     {"b", scenario.b.to_string()},
                     {"path", sim::to_string(meeting.path)},
                     {"in", where}};
  if (const auto expected = theory(scenario)) row["expected"] = sim::to_string(*expected);
  if (scenario.carrier) row["carrier"] = scenario.carrier->to_string();
  if (meeting.path != Path::none) {
    row["local_a"] = meeting.local_a;
    row["local_b"] = meeting.local_b;
    row["ms"] = meeting.milliseconds;
  } else {
    row["reason"] = meeting.reason;
  }
  return row.dump();
}

}  // namespace stile::lab
