#pragma once

#include <netinet/in.h>

#include "nat/shell/descriptor.hpp"
#include "nat/shell/interface.hpp"

namespace stile::nat::shell {

sockaddr_in to_sockaddr(const TransportAddress& address);
TransportAddress from_sockaddr(const sockaddr_in& address);

/// Whether other programs may have the same port.
enum class Sharing { alone, with_others };

/// An IPv4 socket that hears the inside interface only (RFC 6887 §8.2) and sends multicasts there.
/// `purpose` is what a Problem says that it was for. Throws Problem.
Descriptor open_inside_socket(int type, Sharing sharing, const Interface& inside,
                              const TransportAddress& local, const std::string& purpose);

}  // namespace stile::nat::shell
