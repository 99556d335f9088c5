#include "nat/core/deterministic_ports.hpp"

#include <algorithm>

namespace stile::nat {

DeterministicPorts::DeterministicPorts(const Config& config)
    : subscribers_(config.subscribers),
      first_port_(std::max(config.port_min, first_unreserved_port)),
      last_port_(config.port_max) {
  const auto externals = static_cast<std::uint32_t>(config.external.size());
  const std::uint32_t subscribers = subscribers_.size();
  if (externals == 0 || subscribers == 0 || last_port_ < first_port_) return;
  per_external_ = (subscribers + externals - 1) / externals;
  share_ = (last_port_ - first_port_ + 1) / (per_external_ + config.dynamic_factor);
}

std::optional<DeterministicPorts::Share> DeterministicPorts::share_of(std::uint32_t inside) const {
  if (!subscribers_.contains(inside) || share_ == 0) return std::nullopt;
  const std::uint32_t number = inside - subscribers_.first;
  const std::uint32_t first = first_port_ + number % per_external_ * share_;
  return Share{number / per_external_,
               {static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(first + share_ - 1)}};
}

std::optional<std::uint32_t> DeterministicPorts::owner_of(std::size_t external,
                                                          std::uint16_t port) const {
  if (share_ == 0 || port < first_port_) return std::nullopt;
  const std::uint32_t place = (port - first_port_) / share_;
  if (place >= per_external_) return std::nullopt;
  const std::uint64_t inside = subscribers_.first + external * per_external_ + place;
  if (inside > subscribers_.last) return std::nullopt;
  return static_cast<std::uint32_t>(inside);
}

PortRange DeterministicPorts::dynamic_ports() const {
  const std::uint32_t first = first_port_ + per_external_ * share_;
  if (first > last_port_) return {1, 0};
  return {static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last_port_)};
}

}  // namespace stile::nat
