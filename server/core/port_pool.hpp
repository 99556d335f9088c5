#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "server/core/config.hpp"
#include "stile/base/random.hpp"

namespace stile::relay {

enum class PortWish : std::uint8_t { any, even, even_pair };

/// The relay ports of one address. A port is drawn at random (RFC 6056), and one that was freed
/// goes to nobody but its last user for a while: peers of that user may still send to it.
class PortPool {
 public:
  PortPool(PortRange range, Duration quarantine);

  /// For ports that are given back from now on.
  void set_quarantine(Duration quarantine) { quarantine_ = quarantine; }

  /// Takes a port, or with `even_pair` that port and the next.
  std::optional<std::uint16_t> take(Instant now, Random& random, PortWish wish,
                                    std::string_view user);
  /// After use.
  void give_back(Instant now, std::uint16_t port, std::string_view user);
  /// A port that could not be opened, or was not used after all.
  void cancel(std::uint16_t port) { at(port).taken = false; }

 private:
  struct Port {
    Instant free_for_all{};
    std::size_t last_user = 0;  ///< hash of the name
    bool taken = false;
  };
  Port& at(std::uint16_t port) { return ports_[port - first_]; }
  bool suits(Instant now, std::uint32_t offset, PortWish wish, std::size_t user) const;

  std::uint16_t first_;
  Duration quarantine_;
  std::vector<Port> ports_;
};

}  // namespace stile::relay
