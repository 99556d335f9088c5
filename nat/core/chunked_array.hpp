#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "nat/core/zeroed_memory.hpp"

namespace stile::nat {

/// An array that grows by a chunk at a time: nothing that it holds ever moves, so no insertion has
/// to wait for a copy of all others. The first chunks are small; later ones are cut from huge
/// pages.
template <class T>
class ChunkedArray {
 public:
  ChunkedArray() = default;
  ~ChunkedArray() { clear(); }
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  T& operator[](std::size_t i) { return chunks_[i / per_chunk][i % per_chunk]; }
  const T& operator[](std::size_t i) const { return chunks_[i / per_chunk][i % per_chunk]; }
  T& back() { return (*this)[size_ - 1]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void push_back(T&& value) {
    if (size_ == chunks_.size() * per_chunk) add_chunk();
    std::construct_at(&(*this)[size_], std::move(value));
    ++size_;
  }
  /// There is memory for so many when this returns: each page has been written to.
  void reserve(std::size_t count) {
    while (chunks_.size() * per_chunk < count) {
      add_chunk();
      *reinterpret_cast<volatile std::byte*>(chunks_.back()) = std::byte{0};
    }
  }
  void pop_back() { std::destroy_at(&(*this)[--size_]); }
  void clear() {
    while (size_ > 0) pop_back();
  }

 private:
  static constexpr std::size_t per_chunk = std::bit_floor(std::size_t{32768} / sizeof(T));
  static constexpr std::size_t chunk_bytes =
      (per_chunk * sizeof(T) + ZeroedMemory::cache_line - 1) / ZeroedMemory::cache_line *
      ZeroedMemory::cache_line;
  static constexpr std::size_t small_chunks = 8;
  static constexpr std::size_t chunks_of_page = ZeroedMemory::huge_page / chunk_bytes;
  static_assert(alignof(T) <= ZeroedMemory::cache_line && per_chunk > 0);

  void add_chunk() {
    const std::size_t number = chunks_.size();
    const bool is_small = number < small_chunks;
    const std::size_t place = is_small ? 0 : (number - small_chunks) % chunks_of_page;
    if (place == 0) memory_.emplace_back(is_small ? chunk_bytes : ZeroedMemory::huge_page);
    chunks_.push_back(reinterpret_cast<T*>(memory_.back().data() + place * chunk_bytes));
  }

  std::vector<T*> chunks_;
  std::vector<ZeroedMemory> memory_;
  std::size_t size_ = 0;
};

}  // namespace stile::nat
