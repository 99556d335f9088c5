#include "stile/base/buffered_random.hpp"

#include <algorithm>
#include <span>

namespace stile {

void BufferedRandom::fill(MutableBytes out) {
  if (out.size() > drawn_.size() - next_) {
    if (out.size() >= drawn_.size()) return source_.fill(out);
    source_.fill(drawn_);
    next_ = 0;
  }
  const auto given = std::span(drawn_).subspan(next_, out.size());
  std::ranges::copy(given, out.begin());
  std::ranges::fill(given, std::uint8_t{0});
  next_ += out.size();
}

}  // namespace stile
