#include "server/shell/segments.hpp"

#include <cstring>

namespace stile::server {

Segments::Segments(MutableBytes joined, std::size_t segment) : start_(joined.data()) {
  const bool one = segment == 0 || joined.size() <= segment;
  segment_ = one ? joined.size() : segment;
  count_ = one ? 1 : std::min((joined.size() + segment - 1) / segment, most);
  last_ = std::min(joined.size() - (count_ - 1) * segment_, segment_);
}

MutableBytes Segments::operator[](std::size_t index) const {
  return {start_ + index * (segment_ + gap_), index + 1 == count_ ? last_ : segment_};
}

void Segments::spread(std::size_t gap) {
  for (std::size_t i = count_ - 1; i > 0; --i)
    std::memmove(start_ + i * (segment_ + gap), start_ + i * segment_,
                 i + 1 == count_ ? last_ : segment_);
  gap_ = gap;
}

}  // namespace stile::server
