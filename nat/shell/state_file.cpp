#include "nat/shell/state_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

using Json = nlohmann::ordered_json;

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

template <class Value, class Names>
std::optional<Value> named(const std::string& name, const Names& all) {
  for (const Value value : all)
    if (name_of(value) == name) return value;
  return std::nullopt;
}

constexpr std::array protocols{Protocol::icmp, Protocol::tcp,  Protocol::udp,
                               Protocol::dccp, Protocol::sctp, Protocol::udp_lite};
constexpr std::array states{TcpState::opening,     TcpState::established, TcpState::inside_fin,
                            TcpState::outside_fin, TcpState::closing,     TcpState::reset};

Traffic traffic_of(const Json& json) {
  return {json.at("packets").get<std::uint64_t>(), json.at("bytes").get<std::uint64_t>()};
}

/// Throws Json::exception, and std::bad_optional_access for what is no endpoint.
TransportAddress endpoint_of(const Json& json, const char* key) {
  return TransportAddress::parse(json.at(key).get<std::string>()).value();
}

Duration time_left(const Json& json, std::int64_t elapsed_seconds) {
  return std::chrono::seconds(json.at("time_left").get<std::int64_t>() - elapsed_seconds);
}

/// Nothing of protocols that a session is not taken up of.
std::optional<SessionInfo> session_of(const Json& json, std::int64_t elapsed_seconds) {
  const auto protocol = named<Protocol>(json.at("protocol").get<std::string>(), protocols);
  SessionInfo info;
  info.inside = endpoint_of(json, "inside");
  info.external = endpoint_of(json, "external");
  info.time_left = time_left(json, elapsed_seconds);
  // Not there of mappings without sessions.
  if (json.contains("remote")) {
    info.remote = endpoint_of(json, "remote");
    info.outbound = traffic_of(json.at("outbound"));
    info.inbound = traffic_of(json.at("inbound"));
  }
  if (!protocol) return std::nullopt;
  info.protocol = *protocol;
  if (*protocol == Protocol::tcp)
    info.tcp_state =
        named<TcpState>(json.value("state", std::string()), states).value_or(TcpState::opening);
  return info;
}

/// `192.0.2.0/24:80`, `2001:db8::/32:0`
RemoteFilter filter_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) throw std::bad_optional_access();
  const auto port = TransportAddress::parse("0.0.0.0" + text.substr(colon)).value().port;
  return {IpPrefix::parse(text.substr(0, colon)).value(), port};
}

SavedMapping mapping_of(const Json& json, std::int64_t elapsed_seconds) {
  SavedMapping saved;
  saved.time_left = time_left(json, elapsed_seconds);
  MapRequest& request = saved.request;
  request.protocol = named<Protocol>(json.at("protocol").get<std::string>(), protocols).value();
  request.inside = endpoint_of(json, "inside");
  request.suggested = endpoint_of(json, "external");
  request.exactly = true;
  request.terms.description = json.at("description").get<std::string>();
  for (const Json& filter : json.at("filters"))
    request.terms.filters.push_back(filter_of(filter.get<std::string>()));
  return saved;
}

SavedState state_of(const Json& json, std::int64_t elapsed_seconds) {
  SavedState state;
  for (const Json& each : json.at("sessions"))
    if (const auto session = session_of(each, elapsed_seconds);
        session && session->time_left > Duration::zero())
      state.sessions.push_back(*session);
  for (const Json& each : json.value("mappings", Json::array()))
    if (SavedMapping mapping = mapping_of(each, elapsed_seconds);
        mapping.time_left > Duration::zero())
      state.mappings.push_back(std::move(mapping));
  return state;
}

/// What a new state is written to before it takes the old one's place.
std::string fresh_file_for(const std::string& path) {
  return path + ".new";
}

}  // namespace

std::string state_text(const std::string& sessions, std::int64_t unix_seconds) {
  return R"({"written":)" + std::to_string(unix_seconds) + "," + sessions.substr(1) + "\n";
}

std::optional<SavedState> parse_state(const std::string& text, std::int64_t unix_seconds) {
  try {
    const Json json = Json::parse(text);
    return state_of(
        json, std::max<std::int64_t>(0, unix_seconds - json.at("written").get<std::int64_t>()));
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const std::bad_optional_access&) {
    return std::nullopt;
  }
}

void require_writable(const std::string& path) {
  const bool can = std::ofstream(fresh_file_for(path), std::ios::binary | std::ios::app).is_open();
  if (!can) throw Problem(with_errno("writing the state file " + path));
  std::remove(fresh_file_for(path).c_str());
}

void write_state(const std::string& path, const std::string& sessions) {
  const std::string fresh = fresh_file_for(path);
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << state_text(sessions, unix_now());
  file.close();
  if (!file || std::rename(fresh.c_str(), path.c_str()) != 0)
    throw Problem(with_errno("writing the state file " + path));
}

SavedState read_state(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT) return {};
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto state = parse_state(text, unix_now());
  if (!state)
    throw Problem(path + " is no state file of stile-nat; remove it, or give another --state");
  return *state;
}

}  // namespace stile::nat::shell
