#pragma once

#include <memory>

#include "nat/shell/options.hpp"
#include "nat/shell/placement.hpp"
#include "nat/shell/translator.hpp"

namespace stile::nat::shell {

/// The options put together with what the interfaces say.
struct Setup {
  Placement placement;
  Config nat;  ///< whose limits and addresses IPFIX tells of
  std::unique_ptr<Translator> translator;
};

/// `random` outlives what is made. Throws Problem, UsageProblem.
Setup make_setup(const RunOptions& options, Random& random);

}  // namespace stile::nat::shell
