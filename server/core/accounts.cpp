#include "server/core/accounts.hpp"

#include <algorithm>

#include "server/core/opaque_string.hpp"

namespace stile::relay {

using stun::PasswordAlgorithmNumber;

Accounts::Accounts(const Config& config) {
  const std::string realm = opaque_string(config.realm);
  for (const auto& [given_name, given_password] : config.users) {
    const std::string name = opaque_string(given_name);
    const std::string password = opaque_string(given_password);
    add({name, stun::long_term_key(PasswordAlgorithmNumber::md5, name, realm, password),
         stun::long_term_key(PasswordAlgorithmNumber::sha256, name, realm, password)},
        realm);
  }
  for (const Account& account : config.accounts) add(account, realm);
}

void Accounts::add(Account account, std::string_view realm) {
  const std::string name = account.name;
  const auto [added, is_new] = by_name_.emplace(name, std::move(account));
  if (is_new) by_userhash_.emplace(stun::userhash(name, realm), &added->second);
}

bool Accounts::all_know_sha256() const {
  return std::ranges::none_of(by_name_,
                              [](const auto& each) { return each.second.sha256.empty(); });
}

const Account* Accounts::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

const Account* Accounts::find(const stun::Sha256Digest& userhash) const {
  const auto found = by_userhash_.find(userhash);
  return found == by_userhash_.end() ? nullptr : found->second;
}

}  // namespace stile::relay
