#include "server/core/authentication.hpp"

#include <algorithm>

#include "server/core/opaque_string.hpp"
#include "server/core/rest_credentials.hpp"

namespace stile::relay {

using stun::AttributeType;
using stun::ErrorNumber;

namespace {

/// In the server's order of preference. SHA-256 is not offered where users could not choose it.
std::vector<stun::PasswordAlgorithmEntry> algorithms_for(const Accounts& accounts) {
  std::vector<stun::PasswordAlgorithmEntry> offered;
  for (const auto number :
       {stun::PasswordAlgorithmNumber::sha256, stun::PasswordAlgorithmNumber::md5})
    if (number == stun::PasswordAlgorithmNumber::md5 || accounts.all_know_sha256())
      offered.push_back({static_cast<std::uint16_t>(number), {}});
  return offered;
}

/// USERHASH cannot find a REST user, whose name the server does not know before, nor an OAuth key.
SecurityFeatures features_of(const Config& config) {
  const bool all_known = config.auth_secrets.empty() && config.oauth_keys.empty();
  return {.password_algorithms = true, .username_anonymity = all_known};
}

stun::Key random_key(Random& random) {
  std::array<std::uint8_t, 32> bytes;
  random.fill(bytes);
  return stun::Key(bytes);
}

bool has_integrity(const stun::MessageView& request) {
  return request.has(AttributeType::message_integrity) ||
         request.has(AttributeType::message_integrity_sha256);
}

bool verifies(const stun::MessageView& request, const stun::Key& key) {
  return request.has(AttributeType::message_integrity_sha256)
             ? stun::verify_message_integrity_sha256(request, key)
             : stun::verify_message_integrity(request, key);
}

/// RFC 8489 §9.2.4, last paragraph: MESSAGE-INTEGRITY for those who chose no algorithm, -SHA256 for
/// the others.
Protection protection_for(const stun::MessageView& request, const stun::Key& key) {
  const bool chose = request.has(AttributeType::password_algorithm);
  return {chose ? Protection::Integrity::sha256 : Protection::Integrity::sha1, key};
}

}  // namespace

Authentication::Authentication(const Config& config, std::shared_ptr<Resources> resources,
                               Random& random)
    : realm_(opaque_string(config.realm)),
      secrets_(config.auth_secrets),
      oauth_keys_(config.oauth_keys),
      server_name_(config.server_name),
      accounts_(config),
      offered_(algorithms_for(accounts_)),
      nonces_(config, features_of(config), std::move(resources), random),
      nobody_(random_key(random)) {}

// RFC 8489 §9.2.4, its checks in its order, with those of RFC 7635 §7 where it checks the user.
std::expected<Authentication::Accepted, Authentication::Refused> Authentication::check(
    UnixSeconds wall, const TransportAddress& client, const stun::MessageView& request,
    Expiry expiry, const Session* known) {
  const auto refused = [](ErrorNumber number) { return std::unexpected(Refused{number, true}); };
  if (!has_integrity(request)) return std::unexpected(Refused{ErrorNumber::unauthenticated});

  const bool has_token = request.has(AttributeType::access_token);
  if (has_token && oauth_keys_.empty()) return refused(ErrorNumber::unknown_attribute);
  const auto realm = request.get<stun::Realm>();
  const auto nonce = request.get<stun::Nonce>();
  const bool named = request.get<stun::Username>() || request.get<stun::Userhash>();
  if (!named || !realm || !nonce) return refused(ErrorNumber::bad_request);

  const auto algorithm = chosen_algorithm(request);
  if (!algorithm) return refused(algorithm.error());

  const auto username = request.get<stun::Username>();
  const std::string_view kid = username ? username->text : std::string_view();
  const bool in_session = has_token || (known && kid == known->kid);
  auto accepted = in_session ? match_session(wall, request, kid, known)
                             : match(wall, request, candidate(request), *algorithm, expiry);
  if (!accepted || realm->text != realm_) return refused(ErrorNumber::unauthenticated);
  if (!nonces_.valid(nonce->text, wall, client)) return refused(ErrorNumber::stale_nonce);
  return *std::move(accepted);
}

void Authentication::add_challenge(stun::MessageBuilder& response, UnixSeconds wall,
                                   const TransportAddress& client) {
  response.add(stun::Realm{realm_})
      .add(stun::Nonce{nonces_.make(wall, client)})
      .add(stun::PasswordAlgorithms{offered_});
  // Deviation: RFC 7635 §4: no SOFTWARE, since anybody can draw this answer and aim it at others.
  if (!oauth_keys_.empty()) response.add(stun::ThirdPartyAuthorization{server_name_});
}

// RFC 8489 §9.2.4, third check. Every nonce of ours carries the cookie; one that does not is found
// stale later.
std::expected<Authentication::Algorithm, ErrorNumber> Authentication::chosen_algorithm(
    const stun::MessageView& request) const {
  const bool has_choice = request.has(AttributeType::password_algorithm);
  const bool has_list = request.has(AttributeType::password_algorithms);
  if (!has_choice && !has_list) return Algorithm::md5;

  const auto choice = request.get<stun::PasswordAlgorithm>();
  const auto list = request.get<stun::PasswordAlgorithms>();
  if (!choice || !list || list->algorithms != offered_)
    return std::unexpected(ErrorNumber::bad_request);
  if (std::ranges::find(list->algorithms, choice->algorithm) == list->algorithms.end())
    return std::unexpected(ErrorNumber::bad_request);
  return static_cast<Algorithm>(choice->algorithm.number);
}

Authentication::Candidate Authentication::candidate(const stun::MessageView& request) const {
  if (const auto username = request.get<stun::Username>())
    return {accounts_.find(username->text), username->text};
  const auto userhash = request.get<stun::Userhash>();
  const Account* account = userhash ? accounts_.find(userhash->hash) : nullptr;
  return {account, account ? std::string_view(account->name) : std::string_view()};
}

// The static user and each secret are tried whether or not an earlier one matched: the time tells
// nothing about which names exist.
std::optional<Authentication::Accepted> Authentication::match(UnixSeconds wall,
                                                              const stun::MessageView& request,
                                                              const Candidate& candidate,
                                                              Algorithm algorithm,
                                                              Expiry expiry) const {
  std::optional<Accepted> accepted;
  if (static_user_matches(request, candidate, algorithm))
    accepted = Accepted{candidate.account->name,
                        protection_for(request, candidate.account->key(algorithm)), std::nullopt};

  const stun::Key rest_key = matching_rest_key(request, candidate.username, algorithm);
  const auto rest = RestUsername::parse(candidate.username);
  const bool usable = rest && (expiry == Expiry::ignored || rest->expires > wall);
  if (!rest_key.empty() && usable && !accepted)
    accepted = Accepted{std::string(rest->name), protection_for(request, rest_key), std::nullopt};
  return accepted;
}

stun::Key Authentication::matching_rest_key(const stun::MessageView& request,
                                            std::string_view username, Algorithm algorithm) const {
  stun::Key matching;
  for (const std::string& secret : secrets_)
    for (const RestHash hash : rest_hashes) {
      const stun::Key key =
          stun::long_term_key(algorithm, username, realm_, rest_password(hash, secret, username));
      if (verifies(request, key)) matching = key;
    }
  return matching;
}

/// RFC 7635 §9: the token comes with Allocate and Refresh alone; what else is asked of the
/// allocation is signed with the same key.
std::optional<Session> Authentication::session_of(UnixSeconds wall,
                                                  const stun::MessageView& request,
                                                  std::string_view kid,
                                                  const Session* known) const {
  const auto token = request.get<stun::AccessToken>();
  if (!token) return known && known->expires > wall ? std::optional(*known) : std::nullopt;
  const auto key = std::ranges::find(oauth_keys_, kid, &OauthKey::kid);
  if (key == oauth_keys_.end()) return std::nullopt;
  return open_access_token(*key, server_name_, token->bytes, wall);
}

std::optional<Authentication::Accepted> Authentication::match_session(
    UnixSeconds wall, const stun::MessageView& request, std::string_view kid,
    const Session* known) const {
  auto session = session_of(wall, request, kid, known);
  if (!session) return std::nullopt;
  std::string user = session->user();
  if (!verifies(request, session->mac_key)) {
    // Interop: coturn's client signs with the first 16 bytes of a key, which is what it expects of
    // the answers, too.
    session->mac_key = stun::Key(session->mac_key.bytes().first(shortest_mac_key));
    if (!verifies(request, session->mac_key)) return std::nullopt;
  }
  Protection protection = protection_for(request, session->mac_key);
  return Accepted{std::move(user), std::move(protection), std::move(session)};
}

bool Authentication::static_user_matches(const stun::MessageView& request,
                                         const Candidate& candidate, Algorithm algorithm) const {
  const bool right =
      verifies(request, candidate.account ? candidate.account->key(algorithm) : nobody_);
  return right && candidate.account;
}

}  // namespace stile::relay
