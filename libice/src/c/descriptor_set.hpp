#pragma once

namespace stile {

/// The descriptors of a session behind one that a foreign loop can wait on.
class DescriptorSet {
 public:
  /// Throws std::system_error.
  DescriptorSet();
  ~DescriptorSet();
  DescriptorSet(const DescriptorSet&) = delete;
  DescriptorSet& operator=(const DescriptorSet&) = delete;

  /// Readable when one of the others is ready; -1 where the system has no such thing.
  int descriptor() const { return fd_; }
  /// One that is closed leaves the set by itself.
  void add(int descriptor) const;
  /// All that is ready will be looked at now.
  void clear() const;

 private:
  int fd_ = -1;
};

}  // namespace stile
