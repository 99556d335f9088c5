#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nat/upnp/callback_url.hpp"
#include "nat/upnp/http.hpp"
#include "nat/upnp/soap.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/random.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat::upnp {

/// Those that send events.
enum class EventedService : std::uint8_t { connection, common };

struct Subscription {
  EventedService service{};
  CallbackUrl callback;
  std::string sid;
  Instant until{};
  std::uint32_t event_key = 0;  ///< of the next message
  Results told;                 ///< what its subscriber was sent of each variable
  Results due;                  ///< what it is to be sent
  Instant waits_since{};        ///< for its turn
  bool is_in_flight = false;    ///< a message, whose answer has not come
};
using SubscriptionId = SlotId<Subscription>;

/// An event message on its way.
struct Notification {
  SubscriptionId subscription;
  TransportAddress to;
  std::string message;
};

struct EventCounters {
  std::uint64_t requests_refused = 0;  ///< SUBSCRIBE and UNSUBSCRIBE
  std::uint64_t events_sent = 0;
  std::uint64_t events_lost = 0;  ///< among those: not answered with a success
};

/// Who is told when state variables change (GENA, as UPnP Device Architecture 1.1 §4.1 and §4.3
/// have it), as a pure state machine.
///
/// One input, drain, sleep: call one handle_... method, then take poll_notification() for as long
/// as more can be sent, then sleep until poll_timeout().
class Publisher {
 public:
  // Limits: subscriptions of one host and of all; how often changes are looked for, so that a
  // subscriber gets what came in between in one message.
  static constexpr std::size_t max_per_host = 4;
  static constexpr std::size_t max_subscriptions = 64;
  static constexpr Duration look_interval = std::chrono::milliseconds(200);
  static constexpr std::chrono::seconds longest_duration{1800};
  static constexpr std::chrono::seconds shortest_duration{60};

  /// What the evented variables of a service are for one of its subscribers.
  using Variables = std::function<Results(EventedService service, const IpAddress& subscriber)>;

  /// Subscribers are in `networks`. `random` outlives this.
  Publisher(std::vector<IpPrefix> networks, Random& random)
      : networks_(std::move(networks)), random_(random) {}

  HttpResponse handle_subscribe(Instant now, const IpAddress& client, EventedService service,
                                const SubscriptionFields& fields);
  HttpResponse handle_unsubscribe(Instant now, const IpAddress& client, EventedService service,
                                  const SubscriptionFields& fields);
  /// Variables may be others now, or the time that was asked for has come.
  void handle_timeout(Instant now, const Variables& variables);
  /// The status that a message was answered with; 0 if it was not.
  void handle_answer(Instant now, SubscriptionId subscription, unsigned status);
  std::optional<Notification> poll_notification();
  Instant poll_timeout() const { return wake_; }

  std::size_t subscription_count() const { return subscriptions_.size(); }
  const EventCounters& counters() const { return counters_; }

 private:
  HttpResponse begin(const IpAddress& client, EventedService service,
                     const SubscriptionFields& fields);
  HttpResponse renew(const IpAddress& client, EventedService service,
                     const SubscriptionFields& fields);
  HttpResponse refuse(unsigned status);
  SubscriptionId named(const IpAddress& client, EventedService service,
                       const std::string& sid) const;
  std::size_t count_of(const IpAddress& host) const;
  std::string new_sid();
  void end_expired();
  Instant next_end() const;

  std::vector<IpPrefix> networks_;
  Random& random_;
  SlotMap<Subscription> subscriptions_;
  Instant now_{};
  Instant next_look_{};
  Instant wake_ = never;
  EventCounters counters_;
};

}  // namespace stile::nat::upnp
