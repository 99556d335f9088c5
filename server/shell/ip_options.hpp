#pragma once

#include "stile/base/address.hpp"

namespace stile::server {

/// Has the kernel tell DSCP and ECN of what a UDP socket receives, and send without DF (RFC 8656
/// §14).
void pass_on_ip_fields(int fd, Family family);
/// From now on the socket's datagrams are not fragmented, neither here nor on the way; or they may
/// be again.
void set_dont_fragment(int fd, Family family, bool on);

}  // namespace stile::server
