#include "nat/shell/ipv6_translators.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "nat/portmap/nat64_server.hpp"
#include "nat/portmap/pinhole_server.hpp"
#include "nat/shell/dns64_server.hpp"
#include "nat/shell/port_control.hpp"
#include "nat/shell/problem.hpp"
#include "nat/shell/reports.hpp"

namespace stile::nat::shell {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* pcp_purpose = "PCP (or give --no-pcp)";
constexpr const char* no_sessions = R"({"sessions":[],"mappings":[]})";

/// What they have in common: they go on as they were set up.
class Ipv6Translator : public Translator {
 public:
  explicit Ipv6Translator(std::string purpose) : purpose_(std::move(purpose)) {}
  std::string describe_setup() const override { return purpose_; }
  std::string describe_purpose() const override { return purpose_; }

 private:
  std::string purpose_;
};

class Nat64Translator : public Ipv6Translator {
 public:
  Nat64Translator(Nat64Config config, std::optional<Dns64Options> names,
                  std::optional<PcpOptions> pcp, std::string purpose, Random& random)
      : Ipv6Translator(std::move(purpose)),
        prefix_(config.prefix),
        names_options_(std::move(names)),
        pcp_(std::move(pcp)),
        random_(random),
        nat64_(std::move(config), random) {}

  Verdict handle_packet(Instant now, Side from, MutableBytes packet) override {
    if (from == Side::inside)
      nat64_.handle_ipv6_packet(now, packet);
    else
      nat64_.handle_ipv4_packet(now, packet);
    return {};
  }
  void handle_timeout(Instant now) override { nat64_.handle_timeout(now); }
  Instant poll_timeout() const override { return nat64_.poll_timeout(); }
  std::optional<Command> poll_command() override { return nat64_.poll_command(); }
  std::optional<Event> poll_event() override { return nat64_.poll_event(); }

  std::string describe_sessions(Instant now) const override {
    return shell::describe_sessions(nat64_, now);
  }
  std::string describe_counters() const override {
    const Nat64Counters& c = nat64_.counters();
    Json json{{"mappings", nat64_.nat().mapping_count()},
              {"sessions", nat64_.nat().session_count()},
              {"hosts", nat64_.host_count()},
              {"nat64",
               {{"to_ipv4", c.to_ipv4},
                {"to_ipv6", c.to_ipv6},
                {"icmp_errors_made", c.icmp_errors_made},
                {"dropped_malformed", c.dropped_malformed},
                {"dropped_spoofed", c.dropped_spoofed},
                {"dropped_not_for_us", c.dropped_not_for_us},
                {"dropped_not_global", c.dropped_not_global},
                {"dropped_protocol", c.dropped_protocol},
                {"dropped_untranslatable", c.dropped_untranslatable},
                {"dropped_host_limit", c.dropped_host_limit},
                {"reassembled", c.reassembled},
                {"dropped_reassembly", c.dropped_reassembly}}}};
    for (const CounterName& counter : counter_names)
      json["nat"][std::string(counter.name)] = nat64_.nat().counters().*counter.value;
    if (port_control_)
      json["port_control"] = Json::parse(describe_answers(port_control_->counters()));
    return json.dump();
  }
  std::vector<Service*> start_services(Instant now) override {
    std::vector<Service*> started;
    if (names_options_)
      started.push_back(
          &names_.emplace(names_options_->inside, names_options_->resolver, prefix_, random_));
    if (pcp_)
      started.push_back(&port_control_.emplace(
          pcp_->inside, nat64_.config().address, pcp_purpose,
          std::make_unique<portmap::Nat64Server>(pcp_->server, nat64_, now)));
    return started;
  }
  void reconfigure(Instant now, const RunOptions& options) override {
    if (options.nat.forwards != nat64_.config().nat.forwards)
      throw UsageProblem("--forward of NAT64 takes a new start to change");
    if (options.nat.max_mappings == 0) throw UsageProblem("max_mappings is 0");
    if (options.nat.max_sessions == 0) throw UsageProblem("max_sessions is 0");
    nat64_.reconfigure(now, options.nat);
  }
  using Translator::restore;
  void restore(Instant now, const SessionInfo& session) override { nat64_.restore(now, session); }
  void restore(Instant now, const SavedMapping& mapping) override {
    MapRequest wanted = mapping.request;
    wanted.terms.until = now + mapping.time_left;
    if (!wanted.inside.ip.is_v6() || !wanted.suggested.ip.is_v4() || wanted.inside.port == 0)
      return;
    // What cannot be had again is asked for again, or missed.
    nat64_.request(now, wanted.inside, [&](Nat& nat, const TransportAddress& inside) {
      wanted.inside = inside;
      return nat.map(now, wanted).has_value();
    });
  }
  std::size_t flush(Instant now) override {
    const std::size_t mappings = nat64_.nat().mapping_count();
    nat64_.flush(now);
    if (port_control_) port_control_->handle_state_loss(now);
    return mappings;
  }

 private:
  Prefix64 prefix_;
  std::optional<Dns64Options> names_options_;
  std::optional<PcpOptions> pcp_;
  Random& random_;
  Nat64 nat64_;
  std::optional<Dns64Server> names_;
  std::optional<PortControl> port_control_;
};

class ClatTranslator : public Ipv6Translator {
 public:
  ClatTranslator(ClatConfig config, std::string purpose)
      : Ipv6Translator(std::move(purpose)), clat_(std::move(config)) {}

  Verdict handle_packet(Instant now, Side from, MutableBytes packet) override {
    if (from == Side::inside)
      clat_.handle_ipv4_packet(now, packet);
    else
      clat_.handle_ipv6_packet(now, packet);
    return {};
  }
  std::optional<Command> poll_command() override { return clat_.poll_command(); }

  std::string describe_sessions(Instant) const override { return no_sessions; }
  std::string describe_counters() const override {
    const ClatCounters& c = clat_.counters();
    return Json{{"clat",
                 {{"to_ipv4", c.to_ipv4},
                  {"to_ipv6", c.to_ipv6},
                  {"icmp_errors_made", c.icmp_errors_made},
                  {"dropped_malformed", c.dropped_malformed},
                  {"dropped_not_for_us", c.dropped_not_for_us},
                  {"dropped_ttl", c.dropped_ttl},
                  {"dropped_too_big", c.dropped_too_big},
                  {"dropped_untranslatable", c.dropped_untranslatable}}}}
        .dump();
  }

 private:
  Clat clat_;
};

class Nptv6Translator : public Ipv6Translator {
 public:
  Nptv6Translator(Nptv6Config config, std::string purpose)
      : Ipv6Translator(std::move(purpose)), nptv6_(std::move(config)) {}

  Verdict handle_packet(Instant now, Side from, MutableBytes packet) override {
    return nptv6_.handle_packet(now, from, packet);
  }
  std::optional<Command> poll_command() override { return nptv6_.poll_command(); }

  std::string describe_sessions(Instant) const override { return no_sessions; }
  std::string describe_counters() const override {
    const Nptv6Counters& c = nptv6_.counters();
    return Json{{"nptv6",
                 {{"translated_outbound", c.translated_outbound},
                  {"translated_inbound", c.translated_inbound},
                  {"hairpinned", c.hairpinned},
                  {"icmp_errors_made", c.icmp_errors_made},
                  {"dropped_malformed", c.dropped_malformed},
                  {"dropped_not_for_us", c.dropped_not_for_us},
                  {"dropped_subnet", c.dropped_subnet},
                  {"dropped_interface", c.dropped_interface},
                  {"dropped_hop_limit", c.dropped_hop_limit},
                  {"dropped_too_big", c.dropped_too_big}}}}
        .dump();
  }

 private:
  Nptv6 nptv6_;
};

class FirewallTranslator : public Ipv6Translator {
 public:
  FirewallTranslator(FirewallConfig config, std::string purpose, std::optional<PcpOptions> pcp)
      : Ipv6Translator(std::move(purpose)), pcp_(std::move(pcp)), firewall_(std::move(config)) {}

  std::vector<Service*> start_services(Instant now) override {
    if (!pcp_) return {};
    return {&port_control_.emplace(
        pcp_->inside, firewall_.config().inside_address, pcp_purpose,
        std::make_unique<portmap::PinholeServer>(pcp_->server, firewall_, now))};
  }

  Verdict handle_packet(Instant now, Side from, MutableBytes packet) override {
    return firewall_.handle_packet(now, from, packet);
  }
  void handle_timeout(Instant now) override { firewall_.handle_timeout(now); }
  Instant poll_timeout() const override { return firewall_.poll_timeout(); }
  std::optional<Command> poll_command() override { return firewall_.poll_command(); }

  std::string describe_sessions(Instant now) const override {
    return shell::describe_sessions(firewall_, now);
  }
  std::string describe_counters() const override {
    const FirewallCounters& c = firewall_.counters();
    Json json{{"sessions", firewall_.session_count()},
              {"firewall",
               {{"passed_outbound", c.passed_outbound},
                {"passed_inbound", c.passed_inbound},
                {"icmp_errors_made", c.icmp_errors_made},
                {"dropped_malformed", c.dropped_malformed},
                {"dropped_not_for_us", c.dropped_not_for_us},
                {"dropped_filtered", c.dropped_filtered},
                {"dropped_unmatched_error", c.dropped_unmatched_error},
                {"dropped_no_connection", c.dropped_no_connection},
                {"dropped_hop_limit", c.dropped_hop_limit},
                {"dropped_too_big", c.dropped_too_big},
                {"refused_session_limit", c.refused_session_limit}}}};
    if (port_control_)
      json["port_control"] = Json::parse(describe_answers(port_control_->counters()));
    return json.dump();
  }
  void reconfigure(Instant, const RunOptions& options) override {
    FirewallConfig wanted = firewall_.config();
    take_timeouts(wanted, options.nat);
    wanted.max_sessions = options.nat.max_sessions;
    if (const auto problem = problem_with(wanted)) throw UsageProblem(*problem);
    firewall_.reconfigure(wanted);
  }
  using Translator::restore;
  void restore(Instant now, const SessionInfo& session) override {
    firewall_.restore(now, session);
  }
  void restore(Instant now, const SavedMapping& mapping) override {
    ExplicitTerms terms = mapping.request.terms;
    terms.until = now + mapping.time_left;
    const TransportAddress& inside = mapping.request.inside;
    if (!firewall_.config().inside_prefix.contains(inside.ip) || inside.port == 0) return;
    // What cannot be had again is asked for again, or missed.
    static_cast<void>(firewall_.open_pinhole(now, {mapping.request.protocol, inside}, terms));
  }
  std::size_t flush(Instant now) override {
    const std::size_t sessions = firewall_.session_count();
    firewall_.flush();
    if (port_control_) port_control_->handle_state_loss(now);
    return sessions;
  }

 private:
  std::optional<PcpOptions> pcp_;
  Firewall firewall_;
  std::optional<PortControl> port_control_;
};

}  // namespace

void take_timeouts(FirewallConfig& config, const Config& nat) {
  config.udp_timeout = nat.udp_timeout;
  config.icmp_timeout = nat.icmp_timeout;
  config.tcp_established_timeout = nat.tcp_established_timeout;
  config.tcp_transitory_timeout = nat.tcp_opening_timeout;
  config.other_timeout = std::max(nat.esp_timeout, nat.udp_timeout);
}

std::unique_ptr<Translator> make_translator(Nat64Config config, std::optional<Dns64Options> names,
                                            std::optional<PcpOptions> pcp, std::string purpose,
                                            Random& random) {
  return std::make_unique<Nat64Translator>(std::move(config), std::move(names), std::move(pcp),
                                           std::move(purpose), random);
}

std::unique_ptr<Translator> make_translator(ClatConfig config, std::string purpose) {
  return std::make_unique<ClatTranslator>(std::move(config), std::move(purpose));
}

std::unique_ptr<Translator> make_translator(Nptv6Config config, std::string purpose) {
  return std::make_unique<Nptv6Translator>(std::move(config), std::move(purpose));
}

std::unique_ptr<Translator> make_translator(FirewallConfig config, std::string purpose,
                                            std::optional<PcpOptions> pcp) {
  return std::make_unique<FirewallTranslator>(std::move(config), std::move(purpose),
                                              std::move(pcp));
}

}  // namespace stile::nat::shell
