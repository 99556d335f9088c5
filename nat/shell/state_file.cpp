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

/// Throws Json::exception.
std::optional<SessionInfo> session_of(const Json& json, std::int64_t elapsed_seconds) {
  const auto address = [&](const char* key) {
    return TransportAddress::parse(json.at(key).get<std::string>());
  };
  const auto protocol = named<Protocol>(json.at("protocol").get<std::string>(), protocols);
  const auto inside = address("inside");
  const auto external = address("external");
  const auto remote = address("remote");
  if (!protocol || !inside || !external || !remote) return std::nullopt;
  for (const auto& each : {*inside, *external, *remote})
    if (!each.ip.is_v4()) return std::nullopt;
  SessionInfo info;
  info.protocol = *protocol;
  info.inside = *inside;
  info.external = *external;
  info.remote = *remote;
  if (*protocol == Protocol::tcp)
    info.tcp_state =
        named<TcpState>(json.value("state", std::string()), states).value_or(TcpState::opening);
  info.time_left = std::chrono::seconds(json.at("time_left").get<std::int64_t>() - elapsed_seconds);
  info.outbound = traffic_of(json.at("outbound"));
  info.inbound = traffic_of(json.at("inbound"));
  return info;
}

}  // namespace

std::string state_text(const std::string& sessions, std::int64_t unix_seconds) {
  return R"({"written":)" + std::to_string(unix_seconds) + "," + sessions.substr(1) + "\n";
}

std::optional<std::vector<SessionInfo>> parse_state(const std::string& text,
                                                    std::int64_t unix_seconds) {
  try {
    const Json json = Json::parse(text);
    const std::int64_t elapsed =
        std::max<std::int64_t>(0, unix_seconds - json.at("written").get<std::int64_t>());
    std::vector<SessionInfo> sessions;
    for (const Json& each : json.at("sessions")) {
      const auto session = session_of(each, elapsed);
      if (!session) return std::nullopt;
      if (session->time_left > Duration::zero()) sessions.push_back(*session);
    }
    return sessions;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

void write_state(const std::string& path, const std::string& sessions) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << state_text(sessions, unix_now());
  file.close();
  if (!file || std::rename(fresh.c_str(), path.c_str()) != 0)
    throw Problem(with_errno("writing the state file " + path));
}

std::vector<SessionInfo> read_state(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT) return {};
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto sessions = parse_state(text, unix_now());
  if (!sessions)
    throw Problem(path + " is no state file of stile-nat; remove it, or give another --state");
  return *sessions;
}

}  // namespace stile::nat::shell
