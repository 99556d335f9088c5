#include "nat/shell/option_definitions.hpp"

namespace stile::nat::shell {

namespace {

void set_ports(Config& nat, const std::string& text) {
  constexpr std::string_view block = "block:";
  if (!text.starts_with(block)) {
    nat.ports = choose(assignment_words, text);
    return;
  }
  const auto size = parse_port_range(std::string_view(text).substr(block.size()));
  if (!size || size->first != size->second || size->first == 0)
    throw CLI::ValidationError(fmt::format("'{}' is not of the form block:512", text));
  nat.ports = PortAssignment::block;
  nat.block_size = size->first;
}

}  // namespace

void add_behavior_options(CLI::App& app, Config& nat) {
  add_choice(app, "--mapping", behavior_words, nat.mapping,
             "endpoint-independent [default] | address-dependent | address-and-port-dependent");
  add_choice(app, "--filtering", behavior_words, nat.filtering,
             "likewise, who may send to a mapping");
  add_choice(app, "--mapping-tcp", behavior_words, nat.mapping_tcp, "for TCP, where it differs");
  add_choice(app, "--filtering-tcp", behavior_words, nat.filtering_tcp,
             "for TCP, where it differs");
  add(
      app, "--ports", [&nat](const std::string& text) { set_ports(nat, text); },
      "preserve [default] | sequential | random | block:N | deterministic | overload | none",
      "HOW");
  add(
      app, "--subscribers",
      [&nat](const std::string& text) {
        nat.subscribers = accept(parse_address_range(text), text, "100.64.0.0/20");
      },
      "inside addresses that have shares, for --ports deterministic: CIDR or FIRST-LAST", "RANGE");
  add_number(app, "--dynamic-factor", nat.dynamic_factor,
             "shares of each external address that are given out in blocks on demand [0]");
  add_number(app, "--block-size", nat.block_size, "ports of such a block [512]");
  add_number(app, "--blocks-per-host", nat.blocks_per_host, "that one host may have [4]");
  add_number(app, "--sequential-step", nat.sequential_step,
             "from one port to the next, for --ports sequential [1]");
  app.add_flag("--parity,!--no-parity", nat.parity, "an even port stays even, an odd one odd [on]");
  add_choice(app, "--pooling", pooling_words, nat.pooling,
             "paired [default] | soft-paired | arbitrary");
  add_choice(app, "--hairpin", hairpin_words, nat.hairpin, "external [default] | internal | off");
  app.add_flag("--ftp-alg,!--no-ftp-alg", nat.ftp_alg,
               "rewrite what FTP says of data connections [off]");
  add_choice(app, "--sip-alg", sip_alg_words, nat.sip_alg,
             "rewrite SIP messages: off [default] | on | spoiling, as some routers do");
  add_choice(app, "--refresh", refresh_words, nat.refresh,
             "which packets keep a mapping: outbound [default] | inbound | both");
  add_choice(app, "--refusal", refusal_words, nat.refusal_answer,
             "what a flow beyond a limit hears: prohibited [default] | host-unreachable | silence");
}

}  // namespace stile::nat::shell
