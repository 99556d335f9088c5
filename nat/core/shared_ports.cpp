#include "nat/core/bindings.hpp"

namespace stile::nat {

/// RFC 7857 §3, as Linux does it: the inside port where no flow to the same remote endpoint has it,
/// else one by chance.
std::optional<Endpoint> Bindings::shared_port(Protocol protocol, const Subscriber& subscriber,
                                              std::uint16_t inside_port, Endpoint remote) {
  constexpr int tries = 128;
  if (config_.external.empty()) return std::nullopt;
  Endpoint external{config_.external[subscriber.external].v4_bits(), inside_port};
  for (int i = 0; i < tries; ++i) {
    const bool is_in_range = external.port >= config_.port_min && external.port <= config_.port_max;
    if (is_in_range && mapping_with_external(flow_key(protocol, external, remote)) == no_record &&
        mapping_with_external(flow_key(protocol, external)) == no_record)
      return external;
    external.port = ports_.random_port_for(protocol, inside_port);
  }
  return std::nullopt;
}

/// Of an overloaded port, the remote endpoint belongs to its name.
FlowKey Bindings::external_key_of(const Mapping& mapping) const {
  if (mapping.is_static || !is_overloaded(mapping.protocol))
    return flow_key(mapping.protocol, mapping.external);
  return flow_key(mapping.protocol, mapping.external, mapping.remote);
}

}  // namespace stile::nat
