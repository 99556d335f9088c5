#pragma once

#include <optional>
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
    std::size_t bytes = 256 * 1024;  ///< of memory for messages, whatever there is in it
    std::size_t messages = 4096;
    Duration age = std::chrono::seconds(1);
  };

  explicit MessageQueue(const Limits& limits) : limits_(&limits) {}

  /// How many messages had to make room; it is the message itself if it is larger than the queue.
  std::size_t push(Instant now, Bytes message);
  /// How many messages left because of their age.
  std::size_t drop_old(Instant now);

  bool empty() const { return first_ == entries_.size(); }
  std::size_t bytes() const { return used_; }
  /// Of memory.
  std::size_t capacity() const { return buffer_.capacity(); }
  /// Whole messages from the head, one after the other, up to `most` bytes but at least one. Good
  /// until the next push.
  Bytes head(std::size_t most) const;
  /// Takes out what head() showed.
  void pop(Bytes head);

 private:
  struct Entry {
    std::uint32_t at;  ///< in the buffer
    std::uint32_t size;
    Instant since;
    std::size_t end() const { return std::size_t{at} + size; }
  };
  std::optional<std::size_t> place_for(std::size_t size) const;
  bool grow(std::size_t size);
  void drop_first();
  void clear_away_dropped();
  void release();

  const Limits* limits_;
  /// A ring in which each message lies in one piece: what does not fit behind the last one begins
  /// at the front, if there is room before the first.
  ByteVector buffer_;
  std::size_t used_ = 0;
  std::vector<Entry> entries_;  ///< the messages, from first_ on
  std::size_t first_ = 0;
};

}  // namespace stile::server
