#pragma once

#include "control/descriptor.hpp"

namespace stile::nat::shell {

using control::Descriptor;

}  // namespace stile::nat::shell
