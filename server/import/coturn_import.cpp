#include "server/import/coturn_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "server/import/address_range.hpp"
#include "server/import/coturn_keys.hpp"
#include "server/import/toml_text.hpp"

namespace stile::server {

namespace {

class Translation {
 public:
  explicit Translation(const CoturnFile& file) : file_(file) {}
  CoturnImport run();

 private:
  void sort_out();
  void listeners();
  std::vector<std::string> at_port(unsigned long port) const;
  static std::vector<std::string> with_ports(std::vector<std::string> addresses);
  void behavior_discovery(unsigned long port);
  void tls();
  void relay_addresses();
  void credentials();
  void add_user(std::vector<std::string>& users, const CoturnSetting& setting);
  void limits();
  void peers();
  std::vector<AddressRange> ranges(std::string_view key);

  /// Within the bounds; what lies outside is told.
  unsigned long number(const CoturnSetting& setting, unsigned long low, unsigned long high);
  unsigned long number_or(std::string_view key, unsigned long otherwise, unsigned long low,
                          unsigned long high);
  void remark(const CoturnSetting& setting, std::string_view why) {
    remarks_.push_back({setting.line, fmt::format("{}: {}", setting.key, why)});
  }

  const CoturnFile& file_;
  std::vector<CoturnImport::Remark> remarks_;
  TomlText toml_;
};

CoturnImport Translation::run() {
  toml_.comment("stile-server's configuration, from coturn's. Peers in private networks and on");
  toml_.comment("loopback are denied unless allow-peer names them.");
  toml_.blank();
  sort_out();
  listeners();
  tls();
  relay_addresses();
  credentials();
  limits();
  peers();
  std::ranges::stable_sort(remarks_, {}, &CoturnImport::Remark::line);
  return {toml_.text(), std::move(remarks_)};
}

void Translation::sort_out() {
  for (const CoturnSetting& setting : file_.settings()) {
    const CoturnKey* const key = find_coturn_key(setting.key);
    if (!key)
      remark(setting, "coturn has no such key");
    else if (key->fate == CoturnKey::Fate::lost && !setting.is_off())
      remark(setting, key->reason);
  }
}

void Translation::listeners() {
  const unsigned long port = number_or("listening-port", 3478, 1, 65535);
  std::vector<std::string> listen = at_port(port);
  std::ranges::copy(file_.values("aux-server"), std::back_inserter(listen));
  toml_.add("listen", listen);
  if (file_.has("rfc5780") || file_.last("alt-listening-port")) behavior_discovery(port);
}

/// Where the port is left out it is 3478.
std::vector<std::string> Translation::with_ports(std::vector<std::string> addresses) {
  for (std::string& address : addresses)
    if (const auto ip = IpAddress::parse(address))
      address = TransportAddress{*ip, 3478}.to_string();
  return addresses;
}

std::vector<std::string> Translation::at_port(unsigned long port) const {
  std::vector<std::string> addresses = file_.values("listening-ip");
  if (addresses.empty()) addresses = {"0.0.0.0", "::"};
  for (std::string& address : addresses)
    address = fmt::format(fmt::runtime(address.find(':') == address.npos ? "{}:{}" : "[{}]:{}"),
                          address, port);
  return addresses;
}

/// RFC 5780 §6: the first two addresses of one family.
void Translation::behavior_discovery(unsigned long port) {
  const auto addresses = file_.values("listening-ip");
  const unsigned long given = number_or("alt-listening-port", 0, 0, 65535);
  const unsigned long alternate_port = given ? given : port + 1;
  const auto is_v6 = [](const std::string& address) { return address.find(':') != address.npos; };
  for (std::size_t i = 1; i < addresses.size(); ++i) {
    if (is_v6(addresses[i]) != is_v6(addresses[0])) continue;
    toml_.add_flag("behavior-discovery", true);
    return toml_.add("alternate-address", is_v6(addresses[i])
                                              ? fmt::format("[{}]:{}", addresses[i], alternate_port)
                                              : fmt::format("{}:{}", addresses[i], alternate_port));
  }
  const CoturnSetting* const asked =
      file_.has("rfc5780") ? file_.last("rfc5780") : file_.last("alt-listening-port");
  remark(*asked, "behaviour discovery needs two addresses; see behavior-discovery");
}

void Translation::tls() {
  const CoturnSetting* const cert = file_.last("cert");
  const CoturnSetting* const key = file_.last("pkey");
  if (file_.has("no-tls") && file_.has("no-dtls")) return;
  if (file_.has("no-tls")) remark(*file_.last("no-tls"), "a port with DTLS has TLS as well");
  if (file_.has("no-dtls")) remark(*file_.last("no-dtls"), "a port with TLS has DTLS as well");
  if (!cert || !key) {
    for (const CoturnSetting* half : {cert, key, file_.last("tls-listening-port")})
      if (half) remark(*half, "TLS needs both cert and pkey");
    return;
  }
  toml_.add("listen-tls", at_port(number_or("tls-listening-port", 5349, 1, 65535)));
  toml_.add("cert", cert->value);
  toml_.add("key", key->value);
}

void Translation::relay_addresses() {
  toml_.add("relay-address", file_.values("relay-ip"));
  toml_.add("external-address", file_.values("external-ip"));
  if (file_.last("min-port") || file_.last("max-port"))
    toml_.add("relay-ports", fmt::format("{}-{}", number_or("min-port", 49152, 1, 65535),
                                         number_or("max-port", 65535, 1, 65535)));
  if (file_.last("relay-threads"))
    toml_.add("threads", std::max(1ul, number_or("relay-threads", 1, 0, 64)));
}

void Translation::credentials() {
  if (const CoturnSetting* const realm = file_.last("realm")) toml_.add("realm", realm->value);
  if (file_.has("stun-only")) return toml_.comment("STUN only: no user and no auth-secret");
  const auto secrets = file_.values("static-auth-secret");
  if (file_.has("use-auth-secret") && secrets.empty())
    remark(*file_.last("use-auth-secret"), "the secret is in a database; give auth-secret");
  toml_.add("auth-secret", secrets);

  std::vector<std::string> users;
  for (const CoturnSetting* setting : file_.all("user")) {
    if (!secrets.empty())
      remark(*setting, "coturn ignores users beside static-auth-secret; left out");
    else
      add_user(users, *setting);
  }
  toml_.add("user", users);
}

void Translation::add_user(std::vector<std::string>& users, const CoturnSetting& setting) {
  const std::size_t colon = setting.value.find(':');
  if (colon == setting.value.npos || colon == 0 || colon + 1 == setting.value.size())
    return remark(setting, "is not NAME:PASSWORD");
  if (std::string_view(setting.value).substr(colon + 1).starts_with("0x"))
    return remark(setting, fmt::format("'{0}' has a key in place of a password; carry it over with "
                                       "stile-server user add {0} --md5-key",
                                       setting.value.substr(0, colon)));
  users.push_back(setting.value);
}

void Translation::limits() {
  if (file_.last("user-quota")) toml_.add("user-quota", number_or("user-quota", 0, 0, 1'000'000));
  if (file_.last("total-quota"))
    toml_.add("total-quota", number_or("total-quota", 0, 0, 1'000'000));
  for (const auto& [theirs, ours] :
       {std::pair("max-bps", "max-bps"), std::pair("bps-capacity", "total-max-bps")})
    if (file_.last(theirs)) toml_.add(ours, number_or(theirs, 0, 0, 1'000'000'000'000));
  if (file_.last("max-allocate-lifetime"))
    toml_.add("max-lifetime", number_or("max-allocate-lifetime", 3600, 600, 86'400));
  if (const CoturnSetting* const nonce = file_.last("stale-nonce")) {
    const bool forever = nonce->value == "0";
    if (forever) remark(*nonce, "a nonce lives for a day at most");
    toml_.add("nonce-lifetime", forever                ? 86'400
                                : nonce->value.empty() ? 600
                                                       : number(*nonce, 60, 86'400));
  }
  if (file_.has("no-tcp-relay")) toml_.add_flag("tcp-relay", false);
  if (file_.has("mobility")) toml_.add_flag("mobility", true);
  toml_.add("alternate-server", with_ports(file_.values("alternate-server")));
  if (file_.last("alternate-server")) toml_.add_flag("redirect-always", true);
}

/// coturn's allowed ranges win over the denied ones, here the longer prefix does: so what is
/// allowed is cut out of what is denied.
void Translation::peers() {
  auto allowed = ranges("allowed-peer-ip");
  if (file_.has("allow-loopback-peers"))
    for (const char* loopback : {"127.0.0.0/8", "::1"})
      allowed.push_back(*AddressRange::parse(loopback));
  const auto denied = without(ranges("denied-peer-ip"), allowed);
  const auto add = [&](std::string_view key, const std::vector<AddressRange>& from) {
    std::vector<std::string> blocks;
    for (const AddressRange& range : from)
      for (const IpPrefix& block : blocks_of(range)) blocks.push_back(block.to_string());
    toml_.add(key, blocks);
  };
  add("allow-peer", allowed);
  add("deny-peer", denied);
}

std::vector<AddressRange> Translation::ranges(std::string_view key) {
  std::vector<AddressRange> found;
  for (const CoturnSetting* setting : file_.all(key)) {
    if (const auto range = AddressRange::parse(setting->value))
      found.push_back(*range);
    else
      remark(*setting, fmt::format("'{}' is no address and no range", setting->value));
  }
  return found;
}

unsigned long Translation::number(const CoturnSetting& setting, unsigned long low,
                                  unsigned long high) {
  unsigned long value = 0;
  const char* const end = setting.value.data() + setting.value.size();
  const auto [rest, error] = std::from_chars(setting.value.data(), end, value);
  const unsigned long taken = error == std::errc() ? std::clamp(value, low, high) : low;
  if (error != std::errc() || rest != end || taken != value)
    remark(setting,
           fmt::format("'{}' is not from {} to {}; taken as {}", setting.value, low, high, taken));
  return taken;
}

unsigned long Translation::number_or(std::string_view key, unsigned long otherwise,
                                     unsigned long low, unsigned long high) {
  const CoturnSetting* const setting = file_.last(key);
  return setting ? number(*setting, low, high) : otherwise;
}

}  // namespace

CoturnImport import_coturn(const CoturnFile& file) {
  return Translation(file).run();
}

}  // namespace stile::server
