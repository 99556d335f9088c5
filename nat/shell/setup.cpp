#include "nat/shell/setup.hpp"

#include "nat/shell/ipv6_setup.hpp"
#include "nat/shell/nat44_setup.hpp"
#include "nat/shell/nat44_translator.hpp"

namespace stile::nat::shell {

Setup make_setup(const RunOptions& options, Random& random) {
  if (has_ipv6(options)) return make_ipv6_setup(options, random);
  Nat44Setup nat44 = make_nat44_setup(options);
  Setup setup{nat44.placement, nat44.nat, nullptr};
  setup.translator = std::make_unique<Nat44Translator>(options, std::move(nat44), random);
  return setup;
}

}  // namespace stile::nat::shell
