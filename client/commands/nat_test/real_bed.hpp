#pragma once

#include <deque>
#include <string>

#include "client/commands/nat_test/line_stream.hpp"
#include "client/commands/nat_test/port_guard.hpp"
#include "client/commands/nat_test/raw_host.hpp"
#include "nat/grader/test_bed.hpp"

namespace stile::nat_test {

/// A real NAT, with this machine inside and an agent outside.
class RealBed final : public nat::grader::TestBed {
 public:
  /// `inside` are addresses of this machine; none: the one from which the agent is reached. Throws
  /// CommandError.
  RealBed(const TransportAddress& agent, const std::string& token,
          std::optional<std::uint16_t> outside_mtu, std::vector<IpAddress> inside);

  const Hosts& hosts() const override { return hosts_; }
  Instant now() const override;
  void send(nat::Side from, ByteVector packet) override;
  std::optional<ByteVector> receive(nat::Side at, Instant until) override;
  void wait_until(Instant until) override;
  Duration patience() const override { return patience_; }
  std::optional<std::uint16_t> outside_mtu() const override { return outside_mtu_; }

 private:
  void pass_until(Instant until);
  void handle(const std::string& line);
  std::string await_line();
  std::deque<ByteVector>& arrived(nat::Side at) { return arrived_[static_cast<std::size_t>(at)]; }

  LineStream stream_;
  Hosts hosts_;
  RawHost host_;
  PortGuard guard_;
  std::optional<std::uint16_t> outside_mtu_;
  Duration patience_;
  std::deque<ByteVector> arrived_[2];
};

}  // namespace stile::nat_test
