#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/random.hpp"
#include "stile/stun/attributes.hpp"
#include "stile/stun/transaction.hpp"

namespace stile::discovery {

/// RFC 4787 §4.1 and §5.
enum class Behavior : std::uint8_t {
  endpoint_independent,
  address_dependent,
  address_and_port_dependent
};

/// `endpoint-independent` and so on.
std::string_view to_string(Behavior behavior);

/// What was found out. What is not there could not be found out.
struct Findings {
  bool answered = false;  ///< the server answers over UDP at all
  std::optional<TransportAddress> local;
  std::optional<TransportAddress> mapped;  ///< our address as the server sees it
  std::optional<bool> behind_nat;
  bool server_has_two_addresses = false;  ///< without, only the address can be told
  std::optional<Behavior> mapping;
  std::optional<Behavior> filtering;
  std::optional<bool> hairpinning;
  std::optional<bool> port_preserved;
};

struct Config {
  TransportAddress server;
  /// Of each exchange: sent at 0, 0.3, 0.9 and 2.1 s, given up at 3.3 s. A lost packet is not taken
  /// for a filter.
  stun::RetransmissionPolicy retransmission{
      .rto = std::chrono::milliseconds(300), .rc = 4, .rm = 4};
};

/// NAT behaviour discovery with a server of two addresses (RFC 5780 §4), as a pure state machine.
///
/// One input, drain, sleep: call start(), handle_datagram() or handle_timeout(), then take
/// poll_transmit() until empty, then sleep until poll_timeout(). It is over when is_done().
class BehaviorTest {
 public:
  /// Each part has a socket of its own, whose port was never used before (RFC 5780 §4.4).
  enum Socket : std::size_t {
    mapping_socket,
    filtering_socket,
    port_filtering_socket,
    hairpin_socket
  };
  static constexpr std::size_t socket_count = 4;

  struct Transmit {
    std::size_t socket;
    TransportAddress to;
    ByteVector bytes;
  };

  BehaviorTest(Config config, Random& random);
  /// `local`: the address of the mapping socket.
  void start(Instant now, const TransportAddress& local);
  void handle_datagram(Instant now, std::size_t socket, Bytes datagram);
  void handle_timeout(Instant now);
  Instant poll_timeout() const;
  std::optional<Transmit> poll_transmit();
  bool is_done() const { return exchanges_.empty(); }
  const Findings& findings() const { return findings_; }

 private:
  enum class Step : std::uint8_t {
    map_primary,
    map_alternate_ip,
    map_alternate_both,
    open_filter,
    ask_from_both,
    control_filter,
    open_port_filter,
    ask_from_port,
    control_port_filter,
    open_hairpin,
    hairpin,
  };
  struct Exchange {
    Step step;
    std::size_t socket;
    TransportAddress to;
    stun::TransactionId id;
    ByteVector bytes;
    stun::TransactionTimer timer;
  };
  void ask(Instant now, Step step, std::size_t socket, const TransportAddress& to,
           std::optional<stun::ChangeRequest> change = {});
  void take_answer(Instant now, Step step, const stun::MessageView& message);
  void take_silence(Instant now, Step step);
  void take_first_answer(Instant now, const TransportAddress& mapped,
                         const stun::MessageView& message);
  void conclude_filtering();
  void open_filter_for_hairpin();

  Config config_;
  Random& random_;
  Findings findings_;
  std::optional<TransportAddress> other_;  ///< OTHER-ADDRESS
  std::optional<TransportAddress> mapped_at_alternate_ip_;
  std::optional<TransportAddress>
      hairpin_mapped_;  ///< the hairpin socket's address as the server sees it
  std::optional<bool> passed_from_both_;
  std::optional<bool> passed_from_port_;
  std::vector<Exchange> exchanges_;
  std::deque<Transmit> transmits_;
};

}  // namespace stile::discovery
