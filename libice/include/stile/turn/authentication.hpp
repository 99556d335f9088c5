#pragma once

#include <optional>
#include <string>

#include "stile/stun/attributes.hpp"

namespace stile::turn {

struct Credentials {
  std::string username;
  std::string password;
};

/// The client's side of the long-term credential mechanism (RFC 8489 §9.2): what the server's last
/// challenge asks for.
class Authentication {
 public:
  explicit Authentication(Credentials credentials) : credentials_(std::move(credentials)) {}

  enum class Verdict : std::uint8_t {
    retry,               ///< the request is to be sent again, signed anew
    wrong_credentials,   ///< the server refused what was signed with these credentials
    unusable_challenge,  ///< no REALM or NONCE, no algorithm that we know, or a bid-down
  };
  /// Takes a 401 or 438 (RFC 8489 §9.2.5). `signed_before`: the refused request was signed with
  /// this realm already.
  Verdict take_challenge(const stun::MessageView& response, bool signed_before);

  bool is_challenged() const { return !nonce_.empty(); }
  /// Adds USERNAME or USERHASH, REALM, NONCE, the algorithms, and the integrity attribute; nothing
  /// before a challenge.
  void sign(stun::MessageBuilder& builder) const;
  /// True if the response is signed with our key.
  bool verify(const stun::MessageView& response) const;

 private:
  bool choose_algorithm(const stun::MessageView& response);

  Credentials credentials_;
  std::string realm_;
  std::string nonce_;
  stun::Key key_;
  stun::PasswordAlgorithmNumber algorithm_ = stun::PasswordAlgorithmNumber::md5;
  std::optional<ByteVector>
      algorithms_offered_;  ///< PASSWORD-ALGORITHMS, to be sent back as it came
  bool anonymous_ = false;  ///< USERHASH in place of USERNAME
};

}  // namespace stile::turn
