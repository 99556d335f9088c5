#pragma once

#include <linux/if_xdp.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <utility>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

/// Memory that is shared with the kernel.
class SharedMemory {
 public:
  SharedMemory() = default;
  /// Throws Problem.
  SharedMemory(std::size_t size, int fd, off_t offset, int flags)
      : size_(size), at_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, offset)) {
    if (at_ == MAP_FAILED) {
      at_ = nullptr;
      throw Problem(with_errno("mapping memory for packets"));
    }
  }
  SharedMemory(SharedMemory&& other) noexcept { *this = std::move(other); }
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(at_, other.at_);
    return *this;
  }
  ~SharedMemory() {
    if (at_) ::munmap(at_, size_);
  }

  std::uint8_t* data() const { return static_cast<std::uint8_t*>(at_); }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
  void* at_ = nullptr;
};

/// One of the four rings of an AF_XDP socket (linux/if_xdp.h): this program puts entries in and the
/// kernel takes them out, or the other way round. What was put in is seen after publish(), the room
/// of what was taken out is the kernel's after release().
template <class Entry>
class XdpRing {
 public:
  XdpRing() = default;
  /// `size` is a power of two. Throws Problem.
  XdpRing(int socket, off_t which, const xdp_ring_offset& at, std::uint32_t size)
      : memory_(at.desc + size * sizeof(Entry), socket, which, MAP_SHARED | MAP_POPULATE),
        producer_(word(at.producer)),
        consumer_(word(at.consumer)),
        flags_(word(at.flags)),
        entries_(reinterpret_cast<Entry*>(memory_.data() + at.desc)),
        size_(size) {}

  // As the one that puts in; `ours_` is where.

  std::uint32_t room() const { return size_ - (ours_ - load(consumer_)); }
  void put(const Entry& entry) { entries_[ours_++ & (size_ - 1)] = entry; }
  void publish() { store(producer_, ours_); }
  /// Those that the kernel has not taken yet.
  std::uint32_t pending() const { return ours_ - load(consumer_); }

  // As the one that takes out.

  std::uint32_t filled() const { return load(producer_) - ours_; }
  const Entry& take() { return entries_[ours_++ & (size_ - 1)]; }
  void release() { store(consumer_, ours_); }

  bool needs_wakeup() const { return (load(flags_) & XDP_RING_NEED_WAKEUP) != 0; }

 private:
  std::uint32_t* word(std::uint64_t offset) const {
    return reinterpret_cast<std::uint32_t*>(memory_.data() + offset);
  }
  static std::uint32_t load(std::uint32_t* word) {
    return std::atomic_ref(*word).load(std::memory_order_acquire);
  }
  static void store(std::uint32_t* word, std::uint32_t value) {
    std::atomic_ref(*word).store(value, std::memory_order_release);
  }

  SharedMemory memory_;
  std::uint32_t* producer_ = nullptr;
  std::uint32_t* consumer_ = nullptr;
  std::uint32_t* flags_ = nullptr;
  Entry* entries_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t ours_ = 0;
};

}  // namespace stile::nat::shell
