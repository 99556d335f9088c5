#pragma once

#include "stile/base/address.hpp"

namespace stile::bench {

/// A relay that does nothing but to receive and to send: the floor for plain sockets. Each datagram
/// costs one recvfrom and one sendto; epoll tells of the sockets that have one. A client's
/// datagrams begin with the header of ChannelData, whose channel names the client's relay socket,
/// which is at the port of `listen` and so many above it, and go on to `peer`; what comes to a
/// relay socket goes to who has used it last. For ever.
[[noreturn]] void forward(const TransportAddress& listen, const TransportAddress& peer,
                          unsigned clients);

}  // namespace stile::bench
