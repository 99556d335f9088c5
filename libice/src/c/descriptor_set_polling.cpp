#include "c/descriptor_set.hpp"

namespace stile {

// Whoever drives the session looks often instead: see stile_session_fd().
DescriptorSet::DescriptorSet() = default;
DescriptorSet::~DescriptorSet() = default;
void DescriptorSet::add(int) const {}
void DescriptorSet::clear() const {}

}  // namespace stile
