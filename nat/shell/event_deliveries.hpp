#pragma once

#include <deque>
#include <list>
#include <optional>
#include <string>

#include "nat/shell/descriptor.hpp"
#include "nat/upnp/publisher.hpp"

namespace stile::nat::shell {

/// Carries UPnP's event messages to their subscribers, over a TCP connection each, and hears what
/// they are answered with. It waits for nobody.
class EventDeliveries {
 public:
  struct Answer {
    upnp::SubscriptionId subscription;
    unsigned status = 0;  ///< 0: none
  };

  /// From an address of an interface, and by that only. Throws Problem.
  EventDeliveries(std::string interface, const IpAddress& local);

  /// Readable when handle_ready() has something to do.
  int fd() const { return epoll_.get(); }
  bool has_place() const { return deliveries_.size() < max_deliveries; }
  void begin(Instant now, const upnp::Notification& notification);
  void handle_ready();
  void handle_due(Instant now);
  Instant poll_timeout() const { return deliveries_.empty() ? never : deliveries_.front().until; }
  std::optional<Answer> poll_answer();

 private:
  // Limits: messages at one time, how long one takes, and of its answer.
  static constexpr std::size_t max_deliveries = 16;
  static constexpr Duration longest_delivery = std::chrono::seconds(5);
  static constexpr std::size_t max_answer = 4096;

  struct Delivery {
    Descriptor fd;
    upnp::SubscriptionId subscription;
    std::string message;
    Instant until{};
    std::size_t sent = 0;
    std::string answer;
  };

  Descriptor connect(const TransportAddress& to) const;
  void watch(int fd, std::uint32_t events, int operation);
  /// False when the delivery has ended.
  bool go_on(Delivery& delivery);
  bool write(Delivery& delivery);
  static bool read(Delivery& delivery);
  void end(std::list<Delivery>::iterator delivery);

  std::string interface_;
  IpAddress local_;
  Descriptor epoll_;
  std::list<Delivery> deliveries_;  ///< in the order of their ends
  std::deque<Answer> answers_;
};

}  // namespace stile::nat::shell
