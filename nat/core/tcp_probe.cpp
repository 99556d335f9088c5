#include "nat/core/core.hpp"
#include "nat/packet/builder.hpp"

namespace stile::nat {

/// RFC 6146 §3.5.2.2: an ACK as if from the other end, with numbers that are not in the window. A
/// host that has the connection answers with the right ones, which keeps the session; one that does
/// not answers with a RST, or not at all.
void Nat::Core::probe_doubted() {
  for (const std::uint32_t number : bindings_.take_doubted()) {
    const Session& session = bindings_.sessions()[number];
    ++counters_.connections_probed;
    push_command(Side::inside,
                 make_tcp(to_public(session.remote), to_public(session.inside), tcp_flag::ack));
  }
}

}  // namespace stile::nat
