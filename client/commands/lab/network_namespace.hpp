#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace stile::lab {

/// The lab cannot go on; the text says what and what to do.
struct LabError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Leaves the machine's network for a new, empty one of this process's own. As root directly, else
/// in a user namespace where the kernel lets it. Throws LabError where neither is allowed. Call
/// once, before any thread.
void enter_private_network();

/// A network namespace that lives as long as this object or a process in it: it has no name in the
/// file system, so nothing can be left behind, however the lab ends.
class NetworkNamespace {
 public:
  explicit NetworkNamespace(std::string name);
  /// The namespace that this process is in.
  static NetworkNamespace current(std::string name);
  ~NetworkNamespace();
  NetworkNamespace(NetworkNamespace&&) noexcept;
  NetworkNamespace& operator=(NetworkNamespace&&) = delete;

  const std::string& name() const { return name_; }
  /// A path that `ip link set ... netns PATH` takes.
  std::string path() const;
  /// Moves the calling process into this namespace (used between fork and exec).
  void enter() const;
  /// Runs the lines through `ip -batch -` in this namespace.
  void ip(std::string_view batch) const;
  /// Feeds the text to a command in this namespace, e.g. `nft -f -`.
  void run(const std::string& program, const std::string& arguments, std::string_view input) const;

 private:
  NetworkNamespace(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}
  std::string name_;
  int fd_;
};

}  // namespace stile::lab
