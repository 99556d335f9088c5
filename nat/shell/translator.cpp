#include "nat/shell/translator.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "nat/shell/reports.hpp"

namespace stile::nat::shell {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* no_sessions = R"({"sessions":[],"mappings":[]})";

class Nat64Translator : public Translator {
 public:
  Nat64Translator(Nat64Config config, Random& random) : nat64_(std::move(config), random) {}

  void handle_packet(Instant now, Side from, MutableBytes packet) override {
    if (from == Side::inside)
      nat64_.handle_ipv6_packet(now, packet);
    else
      nat64_.handle_ipv4_packet(now, packet);
  }
  void handle_timeout(Instant now) override { nat64_.handle_timeout(now); }
  Instant poll_timeout() const override { return nat64_.poll_timeout(); }
  std::optional<Command> poll_command() override { return nat64_.poll_command(); }
  std::optional<Event> poll_event() override { return nat64_.poll_event(); }

  std::string describe_sessions(Instant now) const override {
    return shell::describe_sessions(
        [&](const auto& visit) { nat64_.for_each_session(now, visit); });
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
                {"dropped_host_limit", c.dropped_host_limit}}}};
    for (const CounterName& counter : counter_names)
      json["nat"][std::string(counter.name)] = nat64_.nat().counters().*counter.value;
    return json.dump();
  }
  std::size_t flush(Instant now) override {
    const std::size_t mappings = nat64_.nat().mapping_count();
    nat64_.flush(now);
    return mappings;
  }

 private:
  Nat64 nat64_;
};

class ClatTranslator : public Translator {
 public:
  explicit ClatTranslator(ClatConfig config) : clat_(std::move(config)) {}

  void handle_packet(Instant now, Side from, MutableBytes packet) override {
    if (from == Side::inside)
      clat_.handle_ipv4_packet(now, packet);
    else
      clat_.handle_ipv6_packet(now, packet);
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

class Nptv6Translator : public Translator {
 public:
  explicit Nptv6Translator(Nptv6Config config) : nptv6_(std::move(config)) {}

  void handle_packet(Instant now, Side from, MutableBytes packet) override {
    const Verdict verdict = nptv6_.handle_packet(now, from, packet);
    if (verdict.action == Action::send_inside)
      translated_ = {Side::inside, copy_of(verdict.packet)};
    if (verdict.action == Action::send_outside)
      translated_ = {Side::outside, copy_of(verdict.packet)};
  }
  std::optional<Command> poll_command() override {
    if (translated_) return std::exchange(translated_, std::nullopt);
    return nptv6_.poll_command();
  }

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
  std::optional<Command> translated_;
};

class FirewallTranslator : public Translator {
 public:
  explicit FirewallTranslator(FirewallConfig config) : firewall_(std::move(config)) {}

  void handle_packet(Instant now, Side from, MutableBytes packet) override {
    const Verdict verdict = firewall_.handle_packet(now, from, packet);
    if (verdict.action == Action::send_inside) passed_ = {Side::inside, copy_of(verdict.packet)};
    if (verdict.action == Action::send_outside) passed_ = {Side::outside, copy_of(verdict.packet)};
  }
  void handle_timeout(Instant now) override { firewall_.handle_timeout(now); }
  Instant poll_timeout() const override { return firewall_.poll_timeout(); }
  std::optional<Command> poll_command() override {
    if (passed_) return std::exchange(passed_, std::nullopt);
    return firewall_.poll_command();
  }

  std::string describe_sessions(Instant now) const override {
    return shell::describe_sessions(
        [&](const auto& visit) { firewall_.for_each_session(now, visit); });
  }
  std::string describe_counters() const override {
    const FirewallCounters& c = firewall_.counters();
    return Json{{"sessions", firewall_.session_count()},
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
                  {"refused_session_limit", c.refused_session_limit}}}}
        .dump();
  }
  std::size_t flush(Instant) override {
    const std::size_t sessions = firewall_.session_count();
    firewall_.flush();
    return sessions;
  }

 private:
  Firewall firewall_;
  std::optional<Command> passed_;
};

}  // namespace

std::unique_ptr<Translator> make_translator(Nat64Config config, Random& random) {
  return std::make_unique<Nat64Translator>(std::move(config), random);
}
std::unique_ptr<Translator> make_translator(ClatConfig config) {
  return std::make_unique<ClatTranslator>(std::move(config));
}
std::unique_ptr<Translator> make_translator(Nptv6Config config) {
  return std::make_unique<Nptv6Translator>(std::move(config));
}

std::unique_ptr<Translator> make_translator(FirewallConfig config) {
  return std::make_unique<FirewallTranslator>(std::move(config));
}

}  // namespace stile::nat::shell
