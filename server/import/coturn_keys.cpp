#include "server/import/coturn_keys.hpp"

#include <algorithm>
#include <array>

namespace stile::server {

namespace {

using enum CoturnKey::Fate;

constexpr std::string_view in_database =
    "users and secrets of a database are not read; add them with stile-server user add, or give "
    "auth-secret";
constexpr std::string_view by_service_manager = "leave this to the service manager";
constexpr std::string_view to_standard_error =
    "the log goes to standard error; let the service manager keep it";
constexpr std::string_view has_ctl =
    "there is no telnet console and no admin page; see "
    "stile-server ctl";
constexpr std::string_view by_address = "give addresses, not devices";
constexpr std::string_view cryptography =
    "TLS 1.2 and 1.3 run with forward secrecy and authenticated ciphers, and nothing else";
constexpr std::string_view both_transports =
    "each listener serves UDP and TCP; close one of them in the firewall";
constexpr std::string_view fixed_by_rfc = "the RFC fixes this time";
constexpr std::string_view one_list =
    "alternate servers are the same over all transports; see alternate-server";
constexpr std::string_view family_asked =
    "allocations are of the family that the client asks for, "
    "IPv4 if it asks for none";

constexpr CoturnKey keys[] = {
    {"aux-server", carried, {}},
    {"listening-ip", carried, {}},
    {"listening-port", carried, {}},
    {"tls-listening-port", carried, {}},
    {"alt-listening-port", carried, {}},
    {"rfc5780", carried, {}},
    {"no-tls", carried, {}},
    {"no-dtls", carried, {}},
    {"cert", carried, {}},
    {"pkey", carried, {}},
    {"relay-ip", carried, {}},
    {"external-ip", carried, {}},
    {"min-port", carried, {}},
    {"max-port", carried, {}},
    {"relay-threads", carried, {}},
    {"realm", carried, {}},
    {"user", carried, {}},
    {"use-auth-secret", carried, {}},
    {"static-auth-secret", carried, {}},
    {"user-quota", carried, {}},
    {"total-quota", carried, {}},
    {"max-bps", carried, {}},
    {"bps-capacity", carried, {}},
    {"mobility", carried, {}},
    {"max-allocate-lifetime", carried, {}},
    {"stale-nonce", carried, {}},
    {"no-tcp-relay", carried, {}},
    {"allowed-peer-ip", carried, {}},
    {"denied-peer-ip", carried, {}},
    {"allow-loopback-peers", carried, {}},
    {"stun-only", carried, {}},
    {"alternate-server", carried, {}},

    {"lt-cred-mech", needless, {}},
    {"fingerprint", needless, {}},
    {"no-multicast-peers", needless, {}},
    {"no-loopback-peers", needless, {}},
    {"no-cli", needless, {}},
    {"no-rfc5780", needless, {}},
    {"no-stun-backward-compatibility", needless, {}},
    {"response-origin-only-with-rfc5780", needless, {}},
    {"no-software-attribute", needless, {}},
    {"no-sslv2", needless, {}},
    {"no-sslv3", needless, {}},
    {"no-tlsv1", needless, {}},
    {"no-tlsv1_1", needless, {}},
    {"dtls", needless, {}},
    {"stateless-nonce", needless, {}},
    {"udp-recvmmsg", needless, {}},
    {"unauthorized-ratelimit", needless, {}},
    {"no-stdout-log", needless, {}},
    {"no-auth-pings", needless, {}},
    {"no-dynamic-ip-list", needless, {}},
    {"no-dynamic-realms", needless, {}},
    {"ne", needless, {}},
    {"daemon", needless, {}},
    {"udp-self-balance", needless, {}},

    {"userdb", lost, in_database},
    {"db", lost, in_database},
    {"psql-userdb", lost, in_database},
    {"mysql-userdb", lost, in_database},
    {"mongo-userdb", lost, in_database},
    {"redis-userdb", lost, in_database},
    {"redis-statsdb", lost, "counters are told by stile-server ctl stats"},
    {"secret-key-file", lost, in_database},
    {"oauth", lost, "coturn keeps the keys of RFC 7635 in its database"},
    {"server-name", lost, "coturn keeps the keys of RFC 7635 in its database"},
    {"no-auth", lost, "an open relay is nothing to take over unasked; give users or auth-secret"},
    {"rest-api-separator", lost, "the separator of REST user names is a colon"},
    {"secure-stun", lost, "Binding is answered without credentials"},
    {"no-stun", lost, "Binding is always answered"},
    {"check-origin-consistency", lost, "there is one realm, whatever the ORIGIN"},
    {"no-udp", lost, both_transports},
    {"no-tcp", lost, both_transports},
    {"no-udp-relay", lost, "relaying over UDP cannot be turned off"},
    {"listening-device", lost, by_address},
    {"relay-device", lost, by_address},
    {"alt-tls-listening-port", lost, "behaviour discovery is over UDP and TCP"},
    {"tcp-proxy-port", lost,
     "give listen, proxy-protocol and proxy-from, the balancers' addresses"},
    {"acme-redirect", lost, "it does not speak HTTP on TURN's ports"},
    {"tls-alternate-server", lost, one_list},
    {"udp-alternate-server", lost, one_list},
    {"tcp-alternate-server", lost, one_list},
    {"server-relay", lost, "peers without a permission never reach a client"},
    {"keep-address-family", lost, family_asked},
    {"allocation-default-address-family", lost, family_asked},
    {"channel-lifetime", lost, fixed_by_rfc},
    {"permission-lifetime", lost, fixed_by_rfc},
    {"max-allocate-timeout", lost, "idle connections without an allocation end after 30 s"},
    {"no-tlsv1_2", lost, "TLS 1.2 stays beside 1.3"},
    {"pkey-pwd", lost, "take the passphrase off the key: openssl pkey -in KEY -out NEWKEY"},
    {"CA-file", lost, "clients are known by their credentials, not by certificates"},
    {"cipher-list", lost, cryptography},
    {"ec-curve-name", lost, cryptography},
    {"dh566", lost, cryptography},
    {"dh1066", lost, cryptography},
    {"dh2066", lost, cryptography},
    {"dh-file", lost, cryptography},
    {"raw-public-keys", lost, cryptography},
    {"verbose", lost, to_standard_error},
    {"Verbose", lost, to_standard_error},
    {"log-file", lost, to_standard_error},
    {"syslog", lost, to_standard_error},
    {"syslog-facility", lost, to_standard_error},
    {"simple-log", lost, to_standard_error},
    {"log-binding", lost, "requests for Binding are counted, not logged"},
    {"new-log-timestamp", lost, to_standard_error},
    {"new-log-timestamp-format", lost, to_standard_error},
    {"pidfile", lost, by_service_manager},
    {"proc-user", lost, by_service_manager},
    {"proc-group", lost, by_service_manager},
    {"prometheus", lost, "counters are told by stile-server ctl stats"},
    {"prometheus-port", lost, "counters are told by stile-server ctl stats"},
    {"prometheus-username-labels", lost, "counters are told by stile-server ctl stats"},
    {"cli-ip", lost, has_ctl},
    {"cli-port", lost, has_ctl},
    {"cli-password", lost, has_ctl},
    {"cli-max-output-sessions", lost, has_ctl},
    {"cli", lost, has_ctl},
    {"web-admin", lost, has_ctl},
    {"web-admin-ip", lost, has_ctl},
    {"web-admin-port", lost, has_ctl},
    {"web-admin-listen-on-workers", lost, has_ctl},
    {"multiplex-peer", lost, "each allocation has a port of its own"},
    {"stateless-nonce-secret", lost, "each server draws the key of its nonces"},
    {"rfc3489-compatibility", lost, "clients of RFC 3489 need no option"},
    {"rfc5766-channel-numbers", needless, {}},
};

}  // namespace

const CoturnKey* find_coturn_key(std::string_view name) {
  const auto found = std::ranges::find(keys, name, &CoturnKey::name);
  return found == std::end(keys) ? nullptr : &*found;
}

}  // namespace stile::server
