#pragma once

#include <cstddef>
#include <utility>

namespace stile::nat {

/// Zeroed memory for a table, aligned to cache lines. From `huge_page` on it is asked for in huge
/// pages, so that a look-up at random does not miss in the translation of its address as well; the
/// system gives each page when it is first touched.
class ZeroedMemory {
 public:
  static constexpr std::size_t huge_page = std::size_t{2} << 20;
  static constexpr std::size_t cache_line = 64;

  ZeroedMemory() = default;
  /// Throws std::bad_alloc.
  explicit ZeroedMemory(std::size_t bytes);
  ~ZeroedMemory();
  ZeroedMemory(ZeroedMemory&& other) noexcept { swap(other); }
  ZeroedMemory& operator=(ZeroedMemory&& other) noexcept {
    ZeroedMemory(std::move(other)).swap(*this);
    return *this;
  }

  std::byte* data() const { return data_; }

 private:
  void swap(ZeroedMemory& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }

  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Has a cache line fetched. The empty statement keeps the compiler from taking a function that
/// does nothing else for one without an effect.
inline void prefetch_line(const void* at) {
  __builtin_prefetch(at);
  __asm__ volatile("" : : "r"(at));
}

/// Likewise a record, which may lie across two lines.
template <class T>
void prefetch_record(const T& record) {
  prefetch_line(&record);
  if constexpr (alignof(T) < ZeroedMemory::cache_line)
    prefetch_line(reinterpret_cast<const std::byte*>(&record + 1) - 1);
}

}  // namespace stile::nat
