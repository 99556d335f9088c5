#pragma once

#include <vector>

#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"

namespace stile::server {

/// Messages that wait for a client who reads more slowly than its peers send. A relay's data is
/// worth less the older it is: when the queue is full or its head too old, whole messages leave
/// from the head.
class MessageQueue {
 public:
  struct Limits {
    std::size_t bytes = 256 * 1024;
    Duration age = std::chrono::seconds(1);
  };

  explicit MessageQueue(const Limits& limits) : limits_(&limits) {}

  /// How many messages had to make room; it is the message itself if it is larger than the queue.
  std::size_t push(Instant now, Bytes message);
  /// How many messages left because of their age.
  std::size_t drop_old(Instant now);

  bool empty() const { return first_ == entries_.size(); }
  std::size_t bytes() const { return bytes_.size() - start_; }
  /// Whole messages from the head, one after the other, up to `most` bytes but at least one. Good
  /// until the next push.
  Bytes head(std::size_t most) const;
  /// Takes out what head() showed.
  void pop(Bytes head);

 private:
  struct Entry {
    std::uint32_t size;
    Instant since;
  };
  void drop_first();
  void release();

  const Limits* limits_;
  ByteVector bytes_;  ///< the messages, from start_ on
  std::size_t start_ = 0;
  std::vector<Entry> entries_;  ///< theirs, from first_ on
  std::size_t first_ = 0;
};

}  // namespace stile::server
