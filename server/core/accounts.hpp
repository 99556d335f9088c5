#pragma once

#include <map>

#include "server/core/config.hpp"

namespace stile::relay {

/// The configured users. Their names and passwords go through OpaqueString here; what clients send
/// has been through it (RFC 8489 §14.3).
class Accounts {
 public:
  explicit Accounts(const Config& config);
  const Account* find(std::string_view name) const;
  const Account* find(const stun::Sha256Digest& userhash) const;
  /// Each has the key that SHA-256 needs.
  bool all_know_sha256() const;

 private:
  void add(Account account, std::string_view realm);

  std::map<std::string, Account, std::less<>> by_name_;
  std::map<stun::Sha256Digest, const Account*> by_userhash_;
};

}  // namespace stile::relay
