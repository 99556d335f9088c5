#include "nat/core/core.hpp"

namespace stile::nat {

/// RFC 4787 §5, RFC 5382 §4.3: whether a packet from `remote` to a mapped endpoint is
/// let in. A filter is open as long as a session with the remote lives, so it ages with that. What
/// is forwarded on purpose is open to everybody, or to whom the host that asked for it named.
bool Nat::Core::passes_filter(const Mapping& mapping, Endpoint remote) const {
  if (mapping.is_static) return true;
  if (mapping.has_terms) return bindings_.terms_admit(mapping, remote);
  switch (config_.filtering_for(mapping.protocol)) {
    case Behavior::endpoint_independent:
      return true;
    case Behavior::address_dependent:
      return bindings_.knows_address(mapping, remote.address);
    case Behavior::address_and_port_dependent:
      return bindings_.knows_endpoint(mapping.protocol, mapping.external, remote);
  }
  return false;
}

}  // namespace stile::nat
