#include "nat/shell/forward_text.hpp"
#include "nat/shell/option_definitions.hpp"

namespace stile::nat::shell {

namespace {

void add_external(Config& nat, const std::string& text) {
  const auto addresses =
      accept(parse_addresses(text), text, "192.0.2.1, 192.0.2.1-192.0.2.9 or 192.0.2.16/28");
  nat.external.insert(nat.external.end(), addresses.begin(), addresses.end());
}

}  // namespace

void add_address_options(CLI::App& app, Config& nat) {
  add_each(
      app, "--external", [&nat](const std::string& text) { add_external(nat, text); },
      "address that inside hosts appear as, also FIRST-LAST or a CIDR block; repeatable [the "
      "outside interface's own, whatever they are]",
      "ADDR");
  add_each(
      app, "--forward",
      [&nat](const std::string& text) {
        nat.forwards.push_back(accept(parse_forward(text), text, "tcp:80=10.0.0.2:8080"));
      },
      "port forwarding: tcp|udp:[EXTERNAL:]PORT[-PORT]=ADDR:PORT; repeatable", "FORWARD");
  add_each(
      app, "--balance",
      [&nat](const std::string& text) {
        nat.balancers.push_back(
            accept(parse_balancer(text), text, "tcp:80=10.0.0.2:8080,10.0.0.3:8080*2"));
      },
      "a port that several servers share, with weights; repeatable", "BALANCER");
  add(
      app, "--balance-by",
      [&nat](const std::string& text) {
        const Balancer::Sticky sticky = choose(sticky_words, text);
        for (Balancer& balancer : nat.balancers) balancer.sticky = sticky;
      },
      "what of the client chooses the server: address [default] | flow", "WHAT");
  add_each(
      app, "--static",
      [&nat](const std::string& text) {
        nat.static_addresses.push_back(
            accept(parse_static_address(text), text, "10.0.0.2=203.0.113.7"));
      },
      "an external address that is one inside host's alone: INSIDE=EXTERNAL; repeatable", "PAIR");
  add_each(
      app, "--no-nat",
      [&nat](const std::string& text) {
        nat.no_nat.push_back(accept(IpPrefix::parse(text), text, "192.0.2.0/24"));
      },
      "remote network that is forwarded to without translation; repeatable", "CIDR");
}

}  // namespace stile::nat::shell
