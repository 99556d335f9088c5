// Packets from both sides, as they come, through everything that has IPv6 on a side.
#include <algorithm>
#include <cstdint>
#include <variant>

#include "nat/ipv6/clat.hpp"
#include "nat/ipv6/dns64.hpp"
#include "nat/ipv6/firewall.hpp"
#include "nat/ipv6/nat64.hpp"
#include "nat/ipv6/neighbour_discovery.hpp"
#include "nat/ipv6/nptv6.hpp"
#include "nat/packet/ipv4.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::nat;
using fuzz::require;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}
Prefix64 prefix(const char* text) {
  return *Prefix64::parse(text);
}

const Prefix64 plat = prefix("2001:db8:64::/96");

Nat64Config nat64_config() {
  Nat64Config config;
  config.nat.external = {ip("203.0.113.5")};
  config.nat.max_mappings = 8;
  config.prefix = plat;
  config.address = ip("2001:db8::1");
  return config;
}

ClatConfig clat_config() {
  return {plat, prefix("2001:db8:c::/96"), ip("192.168.1.1"), ip("2001:db8:1::1"), {}};
}

Nptv6Config nptv6_config() {
  return {*IpPrefix::parse("2001:db8:1::/48"), *IpPrefix::parse("2001:db8:5::/48"),
          ip("2001:db8:1::1"), ip("2001:db8:9::1")};
}

FirewallConfig firewall_config() {
  FirewallConfig config{*IpPrefix::parse("2001:db8:1::/48"), ip("2001:db8:1::1"),
                        ip("2001:db8:9::1")};
  config.max_sessions = 8;
  return config;
}

void check_sent(Bytes packet) {
  if (const auto ipv4 = Ipv4View::parse(packet)) {
    require(ipv4->total_length() == packet.size() && ipv4->checksum_is_right(),
            "an IPv4 packet that was sent is right");
    return;
  }
  const auto ipv6 = Ipv6View::parse(packet);
  require(ipv6 && ipv6->total_length() == packet.size(), "an IPv6 packet that was sent is right");
}

template <class Core>
void drain(Core& core) {
  while (const auto command = core.poll_command()) check_sent(command->packet);
}

class Driver {
 public:
  Driver() : nat64_(nat64_config(), random_), dns64_({plat, {}}, random_) {}

  /// A byte says from where it comes and how much time has passed, two how long the packet is.
  void run(Bytes input) {
    while (input.size() >= 3) {
      const std::uint8_t kind = input[0];
      const std::size_t length =
          std::min<std::size_t>(load_u16(input.data() + 1), input.size() - 3);
      feed(kind, input.subspan(3, length));
      input = input.subspan(3 + length);
    }
  }

 private:
  void feed(std::uint8_t kind, Bytes packet) {
    now_ += std::chrono::seconds(kind >> 2 & 63);
    const Side from = (kind & 1) != 0 ? Side::outside : Side::inside;
    ByteVector copy = copy_of(packet);
    mend_checksum(copy);
    nat64_.handle_timeout(now_);
    if (from == Side::inside) {
      nat64_.handle_ipv6_packet(now_, copy);
      clat_.handle_ipv4_packet(now_, copy);
    } else {
      clat_.handle_ipv6_packet(now_, copy);
      ByteVector ipv4 = copy;
      nat64_.handle_ipv4_packet(now_, ipv4);
    }
    feed_in_place(nptv6_, from, copy);
    feed_in_place(firewall_, from, copy);
    drain(nat64_);
    drain(clat_);
    drain(nptv6_);
    drain(firewall_);
    feed_names(from, packet);
    feed_neighbours(packet);
    while (nat64_.poll_event()) continue;
    require(nat64_.nat().mapping_count() <= 8 && firewall_.session_count() <= 8,
            "tables are limited");
  }
  /// Of IPv4, so that damage gets further in.
  static void mend_checksum(ByteVector& packet) {
    const auto ipv4 = Ipv4Packet::parse_quoted(MutableBytes(packet));
    if (!ipv4) return;
    store_u16(packet.data() + 10, 0);
    store_u16(packet.data() + 10, internet_checksum(ipv4->header()));
  }
  template <class Core>
  void feed_in_place(Core& core, Side from, ByteVector packet) {
    const Verdict verdict = core.handle_packet(now_, from, packet);
    if (!verdict.packet.empty()) check_sent(verdict.packet);
  }
  void feed_names(Side from, Bytes message) {
    if (from == Side::inside)
      dns64_.handle_query(now_, {ip("2001:db8:1::10"), 40000}, message);
    else
      dns64_.handle_answer(now_, message);
    while (const auto output = dns64_.poll_output())
      if (const auto* answer = std::get_if<Dns64::ToClient>(&*output))
        require(answer->message.size() >= 12, "an answer has a header");
  }

  static void feed_neighbours(Bytes frame) {
    if (!solicited_target(frame)) return;
    const ByteVector answer = neighbour_advertisement(frame, {2, 0, 0, 0, 0, 1});
    check_sent(Bytes(answer).subspan(14));
  }

  SeededRandom random_{1};
  Nat64 nat64_;
  Clat clat_{clat_config()};
  Nptv6 nptv6_{nptv6_config()};
  Firewall firewall_{firewall_config()};
  Dns64 dns64_;
  Instant now_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Driver().run({data, size});
  return 0;
}
