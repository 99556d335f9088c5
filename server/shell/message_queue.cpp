#include "server/shell/message_queue.hpp"

namespace stile::server {

namespace {
constexpr std::size_t kept_bytes = 16 * 1024;  ///< of buffer, in an empty queue
}

std::size_t MessageQueue::push(Instant now, Bytes message) {
  if (message.size() > limits_->bytes) return 1;
  std::size_t dropped = 0;
  for (; bytes() + message.size() > limits_->bytes; ++dropped) drop_first();
  if (empty()) release();
  // What has left at the front is cleared away when it is half of the whole: each byte moves once
  // at most.
  if (start_ > bytes_.size() / 2) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(start_));
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
    start_ = first_ = 0;
  }
  bytes_.insert(bytes_.end(), message.begin(), message.end());
  entries_.push_back({static_cast<std::uint32_t>(message.size()), now});
  return dropped;
}

std::size_t MessageQueue::drop_old(Instant now) {
  std::size_t dropped = 0;
  for (; !empty() && now - entries_[first_].since > limits_->age; ++dropped) drop_first();
  if (dropped != 0 && empty()) release();
  return dropped;
}

Bytes MessageQueue::head(std::size_t most) const {
  std::size_t size = 0;
  for (std::size_t i = first_;
       i < entries_.size() && (size == 0 || size + entries_[i].size <= most); ++i)
    size += entries_[i].size;
  return Bytes(bytes_).subspan(start_, size);
}

void MessageQueue::pop(Bytes head) {
  for (const std::size_t end = start_ + head.size(); start_ < end;) drop_first();
  if (empty()) release();
}

void MessageQueue::drop_first() {
  start_ += entries_[first_++].size;
}

void MessageQueue::release() {
  if (bytes_.capacity() > kept_bytes) {
    bytes_ = ByteVector();
    entries_ = std::vector<Entry>();
  }
  bytes_.clear();
  entries_.clear();
  start_ = first_ = 0;
}

}  // namespace stile::server
