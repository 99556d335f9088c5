#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "control/error.hpp"
#include "nat/shell/control_client.hpp"
#include "nat/shell/gateway.hpp"
#include "nat/shell/options.hpp"
#include "nat/shell/problem.hpp"
#include "stile/base/buffered_random.hpp"

namespace {

using namespace stile::nat::shell;

int run(const RunOptions& options, const Gateway::Reread& reread) {
  stile::SystemRandom system;
  stile::BufferedRandom random(system);
  Gateway gateway(options, make_setup(options, random), random, reread);
  fmt::print("{}\n", gateway.describe_ready());
  std::fflush(stdout);
  gateway.run();
  return 0;
}

int run(const ControlOptions& options, const Gateway::Reread&) {
  return run_control_client(options);
}

int run(const Print& print, const Gateway::Reread&) {
  fmt::print("{}", print.text);
  return 0;
}

int complain(const std::exception& error, int status) {
  fmt::print(stderr, "stile-nat: {}\n", error.what());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto reread = [&] { return std::get<RunOptions>(parse_options(argc, argv)); };
    return std::visit([&](const auto& options) { return run(options, reread); },
                      parse_options(argc, argv));
  } catch (const UsageProblem& problem) {
    return complain(problem, 2);
  } catch (const stile::control::AddressError& error) {
    return complain(error, 2);
  } catch (const std::exception& error) {
    return complain(error, 1);
  }
}
