#pragma once

#include "control/server.hpp"

namespace stile::nat::shell {

using ControlServer = control::Server;

}  // namespace stile::nat::shell
