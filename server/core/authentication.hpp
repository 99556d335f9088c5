#pragma once

#include <expected>

#include "server/core/access_token.hpp"
#include "server/core/accounts.hpp"
#include "server/core/nonce.hpp"
#include "stile/base/random.hpp"
#include "stile/stun/attributes.hpp"

namespace stile::relay {

/// How the answers to a request are protected.
struct Protection {
  enum class Integrity : std::uint8_t { none, sha1, sha256 } integrity = Integrity::none;
  stun::Key key;
};

/// Whether the expiry of a REST credential counts for this request.
enum class Expiry : std::uint8_t { enforced, ignored };

/// The server's side of the long-term credential mechanism (RFC 8489 §9.2.4), over static users and
/// REST secrets, and of third-party authorization (RFC 7635 §7).
class Authentication {
 public:
  struct Accepted {
    std::string
        user;  ///< whom quotas and ownership go by: the name without a REST credential's expiry
    Protection protection;
    std::optional<Session> session;  ///< if it is an access token that speaks for him
  };
  /// 400, 420 for an access token where none is asked for, or 401 and 438 with a challenge.
  struct Refused {
    stun::ErrorNumber number;
    bool had_credentials = false;
  };

  Authentication(const Config& config, std::shared_ptr<Resources> resources, Random& random);

  /// `known`: the session that what the request is about was made or refreshed in, if any.
  std::expected<Accepted, Refused> check(UnixSeconds wall, const TransportAddress& client,
                                         const stun::MessageView& request, Expiry expiry,
                                         const Session* known);
  /// REALM, NONCE, PASSWORD-ALGORITHMS and THIRD-PARTY-AUTHORIZATION.
  void add_challenge(stun::MessageBuilder& response, UnixSeconds wall,
                     const TransportAddress& client);

 private:
  struct Candidate {
    const Account* account = nullptr;
    std::string_view username;
  };
  using Algorithm = stun::PasswordAlgorithmNumber;

  std::expected<Algorithm, stun::ErrorNumber> chosen_algorithm(
      const stun::MessageView& request) const;
  Candidate candidate(const stun::MessageView& request) const;
  std::optional<Accepted> match(UnixSeconds wall, const stun::MessageView& request,
                                const Candidate& candidate, Algorithm algorithm,
                                Expiry expiry) const;
  stun::Key matching_rest_key(const stun::MessageView& request, std::string_view username,
                              Algorithm algorithm) const;
  bool static_user_matches(const stun::MessageView& request, const Candidate& candidate,
                           Algorithm algorithm) const;
  std::optional<Session> session_of(UnixSeconds wall, const stun::MessageView& request,
                                    std::string_view kid, const Session* known) const;
  std::optional<Accepted> match_session(UnixSeconds wall, const stun::MessageView& request,
                                        std::string_view kid, const Session* known) const;

  std::string realm_;
  std::vector<std::string> secrets_;
  std::vector<OauthKey> oauth_keys_;
  std::string server_name_;
  Accounts accounts_;
  std::vector<stun::PasswordAlgorithmEntry>
      offered_;  ///< the PASSWORD-ALGORITHMS of every challenge (RFC 8489 §14.11)
  NonceMint nonces_;
  stun::Key
      nobody_;  ///< what unknown users are verified with, so that they cost the same as known ones
};

}  // namespace stile::relay
