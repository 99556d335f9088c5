#include "nat/shell/option_definitions.hpp"

namespace stile::nat::shell {

namespace {

void add_rules(CLI::App& app, const std::string& name, std::vector<PortRule>& rules,
               const std::string& description) {
  add_each(
      app, name,
      [&rules](const std::string& text) {
        rules.push_back(accept(parse_port_rule(text), text, "udp:53, tcp:1-1023, udp or any"));
      },
      description, "RULE");
}

}  // namespace

/// What a NAT should not do, and some do.
void add_fault_options(CLI::App& app, Config& nat) {
  add_rules(app, "--block", nat.blocked,
            "new flows that are dropped: udp|tcp|icmp|any[:PORT[-PORT]]; repeatable");
  add_rules(app, "--only", nat.only, "the only new flows that are not dropped; repeatable");
  add_choice(app, "--unsolicited-syn", unsolicited_syn_words, nat.unsolicited_syn,
             "what answers an inbound SYN that nothing lets in: hold [default] | silence | reset");
  add_choice(app, "--fragments", fragments_words, nat.fragments,
             "which ones pass: out-of-order [default] | in-order | drop-all");
  add_choice(app, "--icmp-errors", icmp_errors_words, nat.icmp_errors,
             "what becomes of them: translate [default] | drop | end-session");
  app.add_flag("--evict-oldest,!--no-evict-oldest", nat.evict_oldest,
               "a full table ends the session that has the least time left [off]");
  add_duration(app, "--rebind-every", nat.rebind_every, "end all mappings each time it has passed");
}

}  // namespace stile::nat::shell
