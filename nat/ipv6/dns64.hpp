#pragma once

#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "nat/ipv6/dns_message.hpp"
#include "nat/ipv6/prefix64.hpp"
#include "stile/base/deadline_queue.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/random.hpp"

namespace stile::nat {

struct Dns64Config {
  Prefix64 prefix;
  /// RFC 6147 §5.1.4: AAAA records in these count as none, as do IPv4-mapped ones.
  std::vector<IpPrefix> excluded;
  std::size_t max_queries = 4096;  ///< at one time
  Duration timeout = std::chrono::seconds(5);
};

struct Dns64Counters {
  std::uint64_t queries = 0;
  std::uint64_t synthesized = 0;
  std::uint64_t dropped_malformed = 0;
  std::uint64_t dropped_limit = 0;
  std::uint64_t timed_out = 0;
};

/// RFC 6147: a forwarder in front of a resolver that gives names with IPv4 addresses alone IPv6
/// ones. All that is not about that it passes on as it is.
///
/// Limit: over UDP only; what is synthesized has answers alone, no other sections.
///
/// One input, drain, sleep: call one handle_... method, then take poll_output() until empty, then
/// sleep until poll_timeout(). Same inputs, same outputs, byte for byte.
class Dns64 {
 public:
  struct ToResolver {
    ByteVector message;
  };
  struct ToClient {
    TransportAddress client;
    ByteVector message;
  };
  using Output = std::variant<ToResolver, ToClient>;

  /// `random` outlives this.
  Dns64(Dns64Config config, Random& random) : config_(std::move(config)), random_(random) {}

  void handle_query(Instant now, const TransportAddress& client, Bytes message);
  void handle_answer(Instant now, Bytes message);
  void handle_timeout(Instant now);
  Instant poll_timeout() const { return queue_.earliest(); }
  std::optional<Output> poll_output();
  const Dns64Counters& counters() const { return counters_; }

 private:
  enum class Stage : std::uint8_t { passed_on, asked_aaaa, asked_a, asked_ptr };
  struct Pending {
    TransportAddress client;
    DnsMessage query;
    Stage stage = Stage::passed_on;
    DnsQuestion asked;
    ByteVector aaaa_answer;          ///< what is given if there is no A record either
    std::uint32_t negative_ttl = 0;  ///< RFC 6147 §5.1.7
    Instant deadline{};
  };

  std::optional<std::uint16_t> free_id();
  void ask(Pending pending, ByteVector message);
  void answer(const Pending& pending, ByteVector message);
  void handle_aaaa_answer(Pending pending, const DnsMessage& answer, Bytes message);
  void handle_a_answer(const Pending& pending, const DnsMessage& answer);
  void handle_ptr_answer(const Pending& pending, const DnsMessage& answer);
  bool has_usable_aaaa(const DnsMessage& answer) const;
  std::optional<DnsName> ipv4_name_of(const DnsName& name) const;

  Dns64Config config_;
  Random& random_;
  Dns64Counters counters_;
  std::map<std::uint16_t, Pending> pending_;  ///< by the id towards the resolver
  DeadlineQueue<std::uint16_t> queue_;
  Instant now_{};
  std::deque<Output> outputs_;
};

}  // namespace stile::nat
