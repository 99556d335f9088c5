#pragma once

#include "nat/shell/descriptor.hpp"
#include "nat/shell/interface.hpp"

namespace stile::nat::shell {

/// Whether other programs may have the same port.
enum class Sharing { alone, with_others };

/// A socket that hears the inside interface only (RFC 6887 §8.2) and sends multicasts there, which
/// this machine does not hear. `purpose` is what a Problem says that it was for. Throws Problem.
Descriptor open_inside_socket(int type, Sharing sharing, const Interface& inside,
                              const TransportAddress& local, const std::string& purpose);

}  // namespace stile::nat::shell
