#include "nat/grader/simulated_bed.hpp"

#include <algorithm>

namespace stile::nat::grader {

namespace {

Config with_addresses(Config config) {
  config.external = {IpAddress::v4(203, 0, 113, 1)};
  config.inside_address = IpAddress::v4(10, 1, 0, 1);
  config.outside_mtu = 1400;
  return config;
}

}  // namespace

SimulatedBed::SimulatedBed(Config config, Random& random)
    : hosts_{{IpAddress::v4(10, 1, 0, 2), IpAddress::v4(10, 1, 0, 3)},
             {IpAddress::v4(203, 0, 113, 9), IpAddress::v4(203, 0, 113, 10)}},
      nat_(with_addresses(std::move(config)), random) {}

std::optional<std::uint16_t> SimulatedBed::outside_mtu() const {
  return nat_.config().outside_mtu;
}

void SimulatedBed::send(Side from, ByteVector packet) {
  const Verdict verdict = nat_.handle_packet(now_, from, packet);
  if (verdict.action == Action::send_inside)
    arrived(Side::inside).push_back(copy_of(verdict.packet));
  if (verdict.action == Action::send_outside)
    arrived(Side::outside).push_back(copy_of(verdict.packet));
  drain();
}

void SimulatedBed::drain() {
  while (auto command = nat_.poll_command())
    arrived(command->side).push_back(std::move(command->packet));
  while (nat_.poll_event()) {
  }
}

std::optional<ByteVector> SimulatedBed::receive(Side at, Instant until) {
  while (arrived(at).empty() && now_ < until) {
    now_ = std::clamp(nat_.poll_timeout(), now_, until);
    nat_.handle_timeout(now_);
    drain();
  }
  if (arrived(at).empty()) return std::nullopt;
  ByteVector packet = std::move(arrived(at).front());
  arrived(at).pop_front();
  return packet;
}

void SimulatedBed::wait_until(Instant until) {
  while (now_ < until) {
    now_ = std::clamp(nat_.poll_timeout(), now_, until);
    nat_.handle_timeout(now_);
    drain();
  }
}

}  // namespace stile::nat::grader
