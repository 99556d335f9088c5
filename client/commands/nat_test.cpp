#include "client/commands/nat_test.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/commands/nat_test/agent.hpp"
#include "client/commands/nat_test/card_text.hpp"
#include "client/commands/nat_test/real_bed.hpp"
#include "client/commands/number_between.hpp"
#include "client/commands/run.hpp"
#include "client/commands/simulated_nat.hpp"
#include "nat/grader/simulated_bed.hpp"

namespace stile {

namespace {

using nat::grader::Grade;
using nat::grader::Pace;

constexpr std::uint16_t agent_port = 4787;

struct Options {
  bool simulated = false;
  std::string nat = "EIM/EIF";
  std::uint64_t seed = 1;
  std::string agent;
  std::string token;
  std::vector<std::string> addresses;
  std::string pace;
  std::uint16_t outside_mtu = 0;  ///< 0: not known
  bool json = false;
};

struct AgentWords {
  std::vector<std::string> addresses;
  std::string listen;
  std::string token;
  std::vector<std::string> allowed;
};

IpAddress address_of(const std::string& text) {
  const auto address = IpAddress::parse(text);
  if (!address || !address->is_v4())
    throw CLI::ValidationError("--address", "'" + text + "' is no IPv4 address");
  return *address;
}

TransportAddress endpoint_of(const std::string& option, const std::string& text) {
  if (const auto endpoint = TransportAddress::parse(text); endpoint && endpoint->ip.is_v4())
    return *endpoint;
  if (const auto address = IpAddress::parse(text); address && address->is_v4())
    return {*address, agent_port};
  throw CLI::ValidationError(option, "'" + text + "' is no IPv4 address with a port");
}

Pace pace_of(const Options& options) {
  if (options.pace == "hours") return Pace::hours;
  if (options.pace == "minutes") return Pace::minutes;
  return options.pace.empty() && options.simulated ? Pace::hours : Pace::seconds;
}

std::unique_ptr<nat::grader::TestBed> make_bed(const Options& options, Random& random) {
  if (!options.simulated) {
    std::vector<IpAddress> inside;
    for (const std::string& text : options.addresses) inside.push_back(address_of(text));
    const auto mtu = options.outside_mtu != 0 ? std::optional(options.outside_mtu) : std::nullopt;
    return std::make_unique<nat_test::RealBed>(endpoint_of("--agent", options.agent), options.token,
                                               mtu, inside);
  }
  return std::make_unique<nat::grader::SimulatedBed>(parse_simulated_nat("--nat", options.nat),
                                                     random);
}

/// Exit status 1 where a MUST is not met.
int run_grader(const Options& options) {
  SeededRandom seeded(options.seed);
  SystemRandom system;
  Random& random = options.simulated ? static_cast<Random&>(seeded) : system;
  const auto bed = make_bed(options, random);
  const auto grades = grade(*bed, random, pace_of(options), [&](const Grade& each) {
    if (options.json) return;
    fmt::print("{}", nat_test::line_of(each));
    std::fflush(stdout);
  });
  if (options.json)
    fmt::print("{}\n", nat_test::as_json(grades).dump());
  else
    fmt::print("{}", nat_test::summary_of(grades));
  const bool fails = std::ranges::any_of(grades, [](const Grade& each) {
    return each.requirement->level == nat::grader::Level::must &&
           each.finding.verdict == nat::grader::Verdict::not_met;
  });
  return fails ? 1 : 0;
}

int run_agent(const AgentWords& words) {
  nat_test::AgentOptions options;
  for (const std::string& text : words.addresses) options.addresses.push_back(address_of(text));
  options.listen = words.listen.empty() ? TransportAddress{options.addresses.front(), agent_port}
                                        : endpoint_of("--listen", words.listen);
  options.token = words.token;
  for (const std::string& text : words.allowed) {
    const auto prefix = IpPrefix::parse(text);
    if (!prefix)
      throw CLI::ValidationError("--allow",
                                 "'" + text + "' is no address range such as 192.0.2.0/24");
    options.allowed.push_back(*prefix);
  }
  return nat_test::run_agent(options);
}

void add_agent(CLI::App& command, int& exit_status) {
  const auto words = std::make_shared<AgentWords>();
  auto* agent = command.add_subcommand("agent", "the end outside of the NAT; needs root");
  agent->add_option("--address", words->addresses, "two addresses of this machine")
      ->option_text("ADDR")
      ->required()
      ->expected(2);
  agent->add_option("--token", words->token, "who does not know it is not served")
      ->option_text("TEXT")
      ->required();
  agent
      ->add_option("--listen", words->listen,
                   "where the inside end connects to [the first address, port 4787]")
      ->option_text("ADDR[:PORT]");
  agent
      ->add_option("--allow", words->allowed,
                   "may be sent to beside the address that a client comes from; repeatable")
      ->option_text("CIDR");
  agent->callback([words, &exit_status] {
    exit_status = run_command("nat-test", [&] { return run_agent(*words); });
  });
}

}  // namespace

void add_nat_test_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "nat-test", "grade a NAT against RFC 4787, 5382, 5508 and 7857, rule by rule");
  command->add_flag("--simulated", options->simulated, "our own NAT, in virtual time");
  command
      ->add_option("--nat", options->nat,
                   "how that behaves: such as EIM/APDF, or like:NAME for a known one [EIM/EIF]")
      ->option_text("NAT");
  command->add_option("--seed", options->seed, "of its randomness [1]")
      ->option_text("N")
      ->check(number_between<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max()));
  auto* agent = command->add_option("--agent", options->agent,
                                    "a real one: where `stile nat-test agent` is, outside");
  agent->option_text("ADDR[:PORT]");
  command->add_option("--token", options->token, "the agent's")->option_text("TEXT");
  command
      ->add_option("--address", options->addresses,
                   "of this machine, inside; a second one shows more; repeatable")
      ->option_text("ADDR");
  command
      ->add_option("--pace", options->pace,
                   "tests that take so long, and shorter ones: seconds | minutes | hours [seconds; "
                   "simulated: hours]")
      ->option_text("PACE")
      ->check(CLI::IsMember({"seconds", "minutes", "hours"}));
  command
      ->add_option("--outside-mtu", options->outside_mtu,
                   "of the NAT's outside link, where it is below that of the inside")
      ->option_text("BYTES")
      ->check(number_between<std::uint16_t>(576, 1472));
  command->add_flag("--json", options->json, "one JSON object");
  add_agent(*command, exit_status);
  command->callback([command, options, &exit_status] {
    if (!command->get_subcommands().empty()) return;
    if (options->simulated == !options->agent.empty())
      throw CLI::ValidationError("nat-test", "give either --simulated or --agent ADDR");
    exit_status = run_command("nat-test", [&] { return run_grader(*options); });
  });
}

}  // namespace stile
