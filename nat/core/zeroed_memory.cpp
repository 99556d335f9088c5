#include "nat/core/zeroed_memory.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

namespace stile::nat {

namespace {

constexpr std::align_val_t line{ZeroedMemory::cache_line};

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + ZeroedMemory::huge_page - 1) / ZeroedMemory::huge_page * ZeroedMemory::huge_page;
}

/// A mapping that begins where a huge page may.
std::byte* map_pages(std::size_t bytes) {
  const std::size_t more = bytes + ZeroedMemory::huge_page;
  void* mapped = mmap(nullptr, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(mapped);
  const std::size_t before = (ZeroedMemory::huge_page -
                              reinterpret_cast<std::uintptr_t>(begin) % ZeroedMemory::huge_page) %
                             ZeroedMemory::huge_page;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + bytes, more - before - bytes);
#ifdef MADV_HUGEPAGE
  madvise(begin + before, bytes, MADV_HUGEPAGE);
#endif
  return begin + before;
}

}  // namespace

ZeroedMemory::ZeroedMemory(std::size_t bytes) : bytes_(bytes) {
  if (bytes >= huge_page) {
    data_ = map_pages(whole_pages(bytes));
    return;
  }
  data_ = static_cast<std::byte*>(::operator new(bytes, line));
  std::memset(data_, 0, bytes);
}

ZeroedMemory::~ZeroedMemory() {
  if (!data_) return;
  if (bytes_ >= huge_page)
    munmap(data_, whole_pages(bytes_));
  else
    ::operator delete(data_, line);
}

}  // namespace stile::nat
