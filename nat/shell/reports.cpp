#include "nat/shell/reports.hpp"

#include <nlohmann/json.hpp>

#include "nat/shell/option_text.hpp"
#include "nat/shell/option_words.hpp"

namespace stile::nat::shell {

namespace {

using Json = nlohmann::ordered_json;

template <class List>
Json texts_of(const List& list) {
  Json texts = Json::array();
  for (const auto& item : list) {
    if constexpr (requires { item.to_string(); })
      texts.push_back(item.to_string());
    else
      texts.push_back(to_string(item));
  }
  return texts;
}

Json describe(const Traffic& traffic) {
  return {{"packets", traffic.packets}, {"bytes", traffic.bytes}};
}

Json describe(const SessionInfo& session) {
  // Of UDP without sessions only the mapping is known.
  const bool is_mapping_alone = session.remote.ip.is_unspecified();
  Json json{{"protocol", name_of(session.protocol)},
            {"inside", session.inside.to_string()},
            {"external", session.external.to_string()}};
  if (!is_mapping_alone) json["remote"] = session.remote.to_string();
  if (session.tcp_state) json["state"] = name_of(*session.tcp_state);
  json["time_left"] = std::chrono::duration_cast<std::chrono::seconds>(session.time_left).count();
  if (is_mapping_alone) return json;
  json["outbound"] = describe(session.outbound);
  json["inbound"] = describe(session.inbound);
  return json;
}

Json describe(const RequestedMapping& mapping, Instant now) {
  Json filters = Json::array();
  for (const RemoteFilter& filter : mapping.terms.filters)
    filters.push_back(filter.prefix.to_string() + ":" + std::to_string(filter.port));
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(mapping.terms.until - now);
  return {
      {"protocol", name_of(mapping.info.protocol)},    {"inside", mapping.info.inside.to_string()},
      {"external", mapping.info.external.to_string()}, {"time_left", left.count()},
      {"description", mapping.terms.description},      {"filters", filters}};
}

Json describe(const portmap::Counters& counters) {
  Json pcp;
  for (std::size_t i = 0; i < counters.pcp_answers.size(); ++i)
    pcp[std::string(portmap::pcp::name_of(static_cast<portmap::pcp::Result>(i)))] =
        counters.pcp_answers[i];
  return {{"pcp", pcp},
          {"nat_pmp", counters.nat_pmp_answers},
          {"ignored", counters.ignored},
          {"rate_limited", counters.rate_limited},
          {"announcements", counters.announcements}};
}

Json describe(const upnp::Publisher& publisher) {
  const upnp::EventCounters& counters = publisher.counters();
  return {{"subscriptions", publisher.subscription_count()},
          {"requests_refused", counters.requests_refused},
          {"events_sent", counters.events_sent},
          {"events_lost", counters.events_lost}};
}

Json describe(const PortMappingOptions& options) {
  return {{"pcp", options.servers.pcp},
          {"nat_pmp", options.servers.nat_pmp},
          {"upnp", options.upnp},
          {"third_party", texts_of(options.servers.third_party_clients)},
          {"min_lifetime", to_text(options.servers.min_lifetime)},
          {"max_lifetime", to_text(options.servers.max_lifetime)}};
}

Json describe(const RealmCounters& realm) {
  return {{"received", realm.link.received},
          {"sent", realm.link.sent},
          {"dropped_malformed", realm.link.dropped_malformed},
          {"dropped_send", realm.link.dropped_send},
          {"dropped_no_route", realm.next_hops.dropped_no_route},
          {"dropped_unresolved", realm.next_hops.dropped_unresolved}};
}

Json rules_of(const std::vector<PortRule>& rules) {
  Json texts = Json::array();
  for (const PortRule& rule : rules) texts.push_back(to_text(rule));
  return texts;
}

Json describe_timeouts(const Config& nat) {
  return {{"udp", to_text(nat.udp_timeout)},
          {"icmp", to_text(nat.icmp_timeout)},
          {"tcp_established", to_text(nat.tcp_established_timeout)},
          {"tcp_opening", to_text(nat.tcp_opening_timeout)},
          {"tcp_closing", to_text(nat.tcp_closing_timeout)},
          {"port_hold", to_text(nat.port_hold)}};
}

Json describe_behavior(const Config& nat) {
  return {{"mapping", name_of(nat.mapping)},
          {"mapping_tcp", name_of(nat.mapping_for(Protocol::tcp))},
          {"filtering", name_of(nat.filtering)},
          {"filtering_tcp", name_of(nat.filtering_for(Protocol::tcp))},
          {"ports", name_of(nat.ports, nat.block_size)},
          {"parity", nat.parity},
          {"pooling", name_of(nat.pooling)},
          {"hairpin", name_of(nat.hairpin)},
          {"refresh", name_of(nat.refresh)},
          {"udp_sessions", nat.udp_sessions},
          {"refusal", name_of(nat.refusal_answer)},
          {"unsolicited_syn", name_of(nat.unsolicited_syn)},
          {"fragments", name_of(nat.fragments)},
          {"icmp_errors", name_of(nat.icmp_errors)},
          {"evict_oldest", nat.evict_oldest},
          {"tcp_probe", nat.probes_connections},
          {"ftp_alg", nat.ftp_alg},
          {"sip_alg", word_for(sip_alg_words, nat.sip_alg)},
          {"block", rules_of(nat.blocked)},
          {"only", rules_of(nat.only)}};
}

void add_shell_counters(Json& json, const ShellCounters& shell) {
  json["inside"] = describe(shell.inside);
  json["outside"] = describe(shell.outside);
  json["impairment"] = {{"lost", shell.impairment.lost},
                        {"delayed", shell.impairment.delayed},
                        {"dropped_full", shell.impairment.dropped_full}};
  json["segment_sizes_lowered"] = shell.segment_sizes_lowered;
  json["log_lines_lost"] = shell.log_lines_lost;
  json["syslog_messages_lost"] = shell.syslog_messages_lost;
  json["ipfix_messages_lost"] = shell.ipfix_messages_lost;
  json["pcap_packets_left_out"] = shell.pcap_packets_left_out;
  json["state_files_lost"] = shell.state_files_lost;
}

/// Each is made to text by itself: a tree of all of them would take many times the room.
struct List {
  std::string text;
  void add(const std::string& json) { text += (text.empty() ? "" : ",") + json; }
};

/// Of a NAT of either family.
template <class AnyNat>
std::string sessions_of(const AnyNat& nat, Instant now) {
  List sessions;
  nat.for_each_session(
      now, [&](const SessionInfo& session) { sessions.add(describe_session(session)); });
  List mappings;
  nat.for_each_explicit(
      [&](const RequestedMapping& mapping) { mappings.add(describe(mapping, now).dump()); });
  return R"({"sessions":[)" + sessions.text + R"(],"mappings":[)" + mappings.text + "]}";
}

Json describe_log(const RunOptions& options) {
  return {{"file", options.log.value_or("")},
          {"detail", word_for(log_detail_words, options.log_detail)},
          {"syslog", options.syslog ? options.syslog->to_string() : ""},
          {"ipfix", options.ipfix ? options.ipfix->to_string() : ""}};
}

Json describe_impairment(const ImpairmentConfig& impairment) {
  return {{"delay", to_text(impairment.delay)},
          {"jitter", to_text(impairment.jitter)},
          {"loss", impairment.loss}};
}

}  // namespace

std::string describe_session(const SessionInfo& session) {
  return describe(session).dump();
}

std::string describe_sessions(const Nat& nat, Instant now) {
  return sessions_of(nat, now);
}

std::string describe_sessions(const Nat64& nat64, Instant now) {
  return sessions_of(nat64, now);
}

std::string describe_sessions(const Firewall& firewall, Instant now) {
  List pinholes;
  firewall.for_each_pinhole([&](const Pinhole& pinhole, const ExplicitTerms& terms) {
    RequestedMapping mapping;
    mapping.info.protocol = pinhole.protocol;
    mapping.info.inside = mapping.info.external = pinhole.inside;
    mapping.terms = terms;
    pinholes.add(describe(mapping, now).dump());
  });
  List sessions;
  firewall.for_each_session(
      now, [&](const SessionInfo& session) { sessions.add(describe_session(session)); });
  return R"({"sessions":[)" + sessions.text + R"(],"mappings":[)" + pinholes.text + "]}";
}

std::string describe_answers(const portmap::Counters& port_control) {
  return describe(port_control).dump();
}

std::string describe_setup(const Config& nat, const RunOptions& options) {
  const Json json{{"inside",
                   {{"interface", options.inside},
                    {"address", nat.inside_address.to_string()},
                    {"networks", texts_of(nat.inside_networks)},
                    {"mtu", nat.inside_mtu}}},
                  {"outside",
                   {{"interface", options.outside},
                    {"external", texts_of(nat.external)},
                    {"mtu", nat.outside_mtu}}},
                  {"like", options.like},
                  {"behavior", describe_behavior(nat)},
                  {"timeouts", describe_timeouts(nat)},
                  {"deterministic",
                   {{"subscribers", nat.subscribers.size() == 0 ? "" : to_text(nat.subscribers)},
                    {"dynamic_factor", nat.dynamic_factor}}},
                  {"limits",
                   {{"port_min", nat.port_min},
                    {"port_max", nat.port_max},
                    {"ports_per_host", nat.ports_per_host},
                    {"max_mappings", nat.max_mappings},
                    {"max_sessions", nat.max_sessions}}},
                  {"no_nat", texts_of(nat.no_nat)},
                  {"forward", texts_of(nat.forwards)},
                  {"static", texts_of(nat.static_addresses)},
                  {"balance", texts_of(nat.balancers)},
                  {"port_mapping", describe(options.port_mapping)}};
  return json.dump();
}

std::string describe_counters(const Nat& nat, const std::optional<portmap::Counters>& port_control,
                              const upnp::Publisher* publisher) {
  Json json{{"mappings", nat.mapping_count()}, {"sessions", nat.session_count()}};
  for (const CounterName& counter : counter_names)
    json["nat"][std::string(counter.name)] = nat.counters().*counter.value;
  if (port_control) json["port_control"] = describe(*port_control);
  if (publisher) json["upnp"] = describe(*publisher);
  return json.dump();
}

std::string describe_external(const Config& nat) {
  return Json{{"external", texts_of(nat.external)}}.dump();
}

std::string with_shell_setup(const std::string& core, const RunOptions& options,
                             const std::array<std::string_view, 2>& packets) {
  Json json = Json::parse(core);
  json["packets"] = {{"inside", packets[0]}, {"outside", packets[1]}};
  json["log"] = describe_log(options);
  json["impairment"] = describe_impairment(options.impairment);
  json["clamp_mss"] = to_text(options.clamp_mss);
  return json.dump();
}

std::string with_shell_counters(const std::string& core, const ShellCounters& shell) {
  Json json = Json::parse(core);
  add_shell_counters(json, shell);
  return json.dump();
}

std::string describe_error(const std::string& what) {
  return Json{{"error", what}}.dump();
}

std::string describe_flush(std::size_t mappings) {
  return Json{{"flushed", mappings}}.dump();
}

std::string describe_saved(const std::string& path) {
  return Json{{"saved", path}}.dump();
}

std::string describe_ready(const std::string& purpose, const RunOptions& options) {
  Json json{{"ready", true}};
  if (options.tun.name.empty()) {
    json["inside"] = options.inside;
    json["outside"] = options.outside;
  } else {
    json["tun"] = options.tun.name;
  }
  json.update(Json::parse(purpose));
  json["control"] = options.control;
  return json.dump();
}

}  // namespace stile::nat::shell
