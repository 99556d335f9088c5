#include "server/shell/message_queue.hpp"

#include <algorithm>

namespace stile::server {

namespace {
constexpr std::size_t kept_bytes = 16 * 1024;  ///< of buffer, in an empty queue
}

std::size_t MessageQueue::push(Instant now, Bytes message) {
  if (message.size() > limits_->bytes) return 1;
  std::size_t dropped = 0;
  if (entries_.size() - first_ == limits_->messages) ++dropped, drop_first();
  std::optional<std::size_t> place;
  while (!(place = place_for(message.size())))
    if (!grow(message.size())) ++dropped, drop_first();
  clear_away_dropped();
  std::ranges::copy(message, buffer_.begin() + static_cast<std::ptrdiff_t>(*place));
  entries_.push_back(
      {static_cast<std::uint32_t>(*place), static_cast<std::uint32_t>(message.size()), now});
  used_ += message.size();
  return dropped;
}

std::size_t MessageQueue::drop_old(Instant now) {
  std::size_t dropped = 0;
  for (; !empty() && now - entries_[first_].since > limits_->age; ++dropped) drop_first();
  if (dropped != 0 && empty()) release();
  return dropped;
}

Bytes MessageQueue::head(std::size_t most) const {
  if (empty()) return {};
  const std::size_t start = entries_[first_].at;
  std::size_t end = entries_[first_].end();
  for (std::size_t i = first_ + 1; i < entries_.size(); ++i) {
    if (entries_[i].at != end || entries_[i].end() - start > most) break;
    end = entries_[i].end();
  }
  return Bytes(buffer_).subspan(start, end - start);
}

void MessageQueue::pop(Bytes head) {
  for (std::size_t left = head.size(); left > 0;) {
    left -= entries_[first_].size;
    drop_first();
  }
  if (empty()) release();
}

/// Where a message of this size can begin; nothing if there is no room in the buffer as it is.
std::optional<std::size_t> MessageQueue::place_for(std::size_t size) const {
  if (empty()) return size <= buffer_.size() ? std::optional<std::size_t>(0) : std::nullopt;
  const std::size_t first = entries_[first_].at;
  const std::size_t end = entries_.back().end();
  if (end <= first) return end + size <= first ? std::optional(end) : std::nullopt;
  if (end + size <= buffer_.size()) return end;
  return size <= first ? std::optional<std::size_t>(0) : std::nullopt;
}

/// False if the buffer has all the memory that it may have.
bool MessageQueue::grow(std::size_t size) {
  if (buffer_.size() >= limits_->bytes) return false;
  ByteVector larger(std::min(std::max(2 * buffer_.size(), used_ + size), limits_->bytes));
  std::size_t at = 0;
  for (std::size_t i = first_; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    std::ranges::copy(Bytes(buffer_).subspan(entry.at, entry.size),
                      larger.begin() + static_cast<std::ptrdiff_t>(at));
    entry.at = static_cast<std::uint32_t>(at);
    at += entry.size;
  }
  buffer_ = std::move(larger);
  return true;
}

void MessageQueue::drop_first() {
  used_ -= entries_[first_++].size;
}

/// The entries of messages that have left, when they are half of all: each moves once at most.
void MessageQueue::clear_away_dropped() {
  if (first_ <= entries_.size() / 2) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void MessageQueue::release() {
  if (buffer_.size() > kept_bytes) {
    buffer_ = ByteVector();
    entries_ = std::vector<Entry>();
  }
  entries_.clear();
  used_ = first_ = 0;
}

}  // namespace stile::server
