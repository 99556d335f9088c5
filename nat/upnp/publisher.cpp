#include "nat/upnp/publisher.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "nat/upnp/event_message.hpp"
#include "nat/upnp/ignore_case.hpp"

namespace stile::nat::upnp {

namespace {

constexpr unsigned bad_request = 400;
constexpr unsigned precondition_failed = 412;
constexpr unsigned service_unavailable = 503;

/// `Second-1800`; what says nothing, or too much, stands for the longest one.
std::chrono::seconds duration_of(const std::optional<std::string>& timeout) {
  constexpr std::string_view prefix = "second-";
  std::string_view text = timeout ? std::string_view(*timeout) : std::string_view();
  if (!begins_ignoring_case(text, prefix)) return Publisher::longest_duration;
  text.remove_prefix(prefix.size());
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return Publisher::longest_duration;
  return std::clamp(std::chrono::seconds(seconds), Publisher::shortest_duration,
                    Publisher::longest_duration);
}

HttpResponse accept(const std::string& sid, std::chrono::seconds duration) {
  return {200, {}, {{"SID", sid}, {"TIMEOUT", "Second-" + std::to_string(duration.count())}}};
}

/// UPnP Device Architecture 1.1 §4.1: SID is for who has one, NT and CALLBACK are for who has none.
bool contradict(const SubscriptionFields& fields) {
  return fields.sid && (fields.nt || fields.callback);
}

Results changed(const Results& now, const Results& told) {
  Results changes;
  for (const auto& variable : now)
    if (std::ranges::find(told, variable) == told.end()) changes.push_back(variable);
  return changes;
}

void note(Results& told, const Results& news) {
  for (const auto& [name, value] : news) {
    const auto known = std::ranges::find(told, name, &Results::value_type::first);
    if (known == told.end())
      told.emplace_back(name, value);
    else
      known->second = value;
  }
}

/// UPnP Device Architecture 1.1 §4.1: 0 is the initial event's alone.
std::uint32_t key_after(std::uint32_t key) {
  return key == std::numeric_limits<std::uint32_t>::max() ? 1 : key + 1;
}

}  // namespace

HttpResponse Publisher::handle_subscribe(Instant now, const IpAddress& client,
                                         EventedService service, const SubscriptionFields& fields) {
  now_ = std::max(now_, now);
  end_expired();
  if (contradict(fields)) return refuse(bad_request);
  return fields.sid ? renew(client, service, fields) : begin(client, service, fields);
}

/// UPnP Device Architecture 1.1 §4.1.2.
HttpResponse Publisher::begin(const IpAddress& client, EventedService service,
                              const SubscriptionFields& fields) {
  const bool is_near = std::ranges::any_of(
      networks_, [&](const IpPrefix& network) { return network.contains(client); });
  auto callback = callback_url(fields.callback.value_or(""), client);
  if (fields.nt != "upnp:event" || !callback || !is_near) return refuse(precondition_failed);
  if (subscriptions_.size() >= max_subscriptions || count_of(client) >= max_per_host)
    return refuse(service_unavailable);
  const auto duration = duration_of(fields.timeout);
  Subscription subscription;
  subscription.service = service;
  subscription.callback = std::move(*callback);
  subscription.sid = new_sid();
  subscription.until = now_ + duration;
  HttpResponse response = accept(subscription.sid, duration);
  subscriptions_.insert(std::move(subscription));
  // The initial event does not wait.
  wake_ = next_look_ = now_;
  return response;
}

/// UPnP Device Architecture 1.1 §4.1.3.
HttpResponse Publisher::renew(const IpAddress& client, EventedService service,
                              const SubscriptionFields& fields) {
  Subscription* subscription = subscriptions_.find(named(client, service, *fields.sid));
  if (!subscription) return refuse(precondition_failed);
  const auto duration = duration_of(fields.timeout);
  subscription->until = now_ + duration;
  return accept(subscription->sid, duration);
}

/// UPnP Device Architecture 1.1 §4.1.4.
HttpResponse Publisher::handle_unsubscribe(Instant now, const IpAddress& client,
                                           EventedService service,
                                           const SubscriptionFields& fields) {
  now_ = std::max(now_, now);
  end_expired();
  if (contradict(fields)) return refuse(bad_request);
  const bool is_ended = subscriptions_.erase(named(client, service, fields.sid.value_or("")));
  return is_ended ? HttpResponse{} : refuse(precondition_failed);
}

HttpResponse Publisher::refuse(unsigned status) {
  ++counters_.requests_refused;
  return {status, {}, {}};
}

/// Nobody but its subscriber names it.
SubscriptionId Publisher::named(const IpAddress& client, EventedService service,
                                const std::string& sid) const {
  SubscriptionId found;
  subscriptions_.for_each([&](SubscriptionId id, const Subscription& subscription) {
    if (subscription.sid == sid && subscription.callback.address.ip == client &&
        subscription.service == service)
      found = id;
  });
  return found;
}

std::size_t Publisher::count_of(const IpAddress& host) const {
  std::size_t count = 0;
  subscriptions_.for_each([&](SubscriptionId, const Subscription& subscription) {
    if (subscription.callback.address.ip == host) ++count;
  });
  return count;
}

/// A UUID of version 4: random numbers, which nobody guesses.
std::string Publisher::new_sid() {
  std::array<std::uint8_t, 16> bytes;
  random_.fill(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string sid = "uuid:";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) sid += '-';
    sid += digits[bytes[i] >> 4];
    sid += digits[bytes[i] & 0x0f];
  }
  return sid;
}

void Publisher::handle_timeout(Instant now, const Variables& variables) {
  now_ = std::max(now_, now);
  end_expired();
  if (subscriptions_.empty()) {
    wake_ = never;
    return;
  }
  if (next_look_ > now_) {
    wake_ = next_look_;
    return;
  }
  next_look_ = now_ + look_interval;
  subscriptions_.for_each([&](SubscriptionId, Subscription& subscription) {
    const bool was_due = !subscription.due.empty();
    subscription.due = changed(variables(subscription.service, subscription.callback.address.ip),
                               subscription.told);
    if (!was_due) subscription.waits_since = now_;
  });
  wake_ = next_end();
}

/// UPnP Device Architecture 1.1 §4.3.2: a subscriber that does not answer is told of what comes all
/// the same; one that does not know the SID has no subscription any more.
void Publisher::handle_answer(Instant now, SubscriptionId id, unsigned status) {
  now_ = std::max(now_, now);
  constexpr unsigned success = 2;
  constexpr unsigned hundred = 100;
  if (status / hundred != success) ++counters_.events_lost;
  if (status == precondition_failed) subscriptions_.erase(id);
  if (Subscription* subscription = subscriptions_.find(id)) subscription->is_in_flight = false;
}

/// One message of a subscription at a time, so that they arrive in order; who has waited longest is
/// first, so that subscribers that take their time do not keep others from theirs.
std::optional<Notification> Publisher::poll_notification() {
  SubscriptionId first;
  subscriptions_.for_each([&](SubscriptionId id, const Subscription& subscription) {
    if (subscription.due.empty() || subscription.is_in_flight || subscription.until <= now_) return;
    const Subscription* best = subscriptions_.find(first);
    if (!best || subscription.waits_since < best->waits_since) first = id;
  });
  Subscription* subscription = subscriptions_.find(first);
  if (!subscription) return std::nullopt;
  Notification notification{first, subscription->callback.address,
                            event_message(subscription->callback, subscription->sid,
                                          subscription->event_key, subscription->due)};
  note(subscription->told, subscription->due);
  subscription->due.clear();
  subscription->event_key = key_after(subscription->event_key);
  subscription->is_in_flight = true;
  ++counters_.events_sent;
  return notification;
}

void Publisher::end_expired() {
  std::vector<SubscriptionId> expired;
  subscriptions_.for_each([&](SubscriptionId id, const Subscription& subscription) {
    if (subscription.until <= now_) expired.push_back(id);
  });
  for (const SubscriptionId id : expired) subscriptions_.erase(id);
}

Instant Publisher::next_end() const {
  Instant next = never;
  subscriptions_.for_each([&](SubscriptionId, const Subscription& subscription) {
    next = std::min(next, subscription.until);
  });
  return next;
}

}  // namespace stile::nat::upnp
