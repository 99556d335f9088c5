#include "stile/stile.h"

#include <algorithm>
#include <boost/asio/ip/udp.hpp>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "c/session.hpp"
#include "stile/asio/default_routers.hpp"
#include "stile/asio/endpoint.hpp"
#include "stile/ice/sdp.hpp"
#include "stile/turn/uri.hpp"

namespace {

using namespace stile;

thread_local std::string error_text;

stile_result fail(stile_result result, std::string text) {
  error_text = std::move(text);
  return result;
}

/// The first version's configuration ends here; callers of that version give no more.
constexpr std::size_t least_config = offsetof(stile_config, loopback) + sizeof(int);
constexpr std::size_t least_event = offsetof(stile_event, size) + sizeof(std::size_t);

std::string text_or_empty(const char* text) {
  return text ? text : "";
}

/// Throws std::invalid_argument, which says what is wrong with it.
void add_server(ice::Session& session, const stile_server& server) {
  const auto uri = turn::ServerUri::parse(text_or_empty(server.uri));
  if (!uri) throw std::invalid_argument(uri.error());
  session.add_server(*uri, {text_or_empty(server.username), text_or_empty(server.password)});
}

/// Throws std::invalid_argument, which says why there is none.
TransportAddress first_address(const std::string& host, std::uint16_t port) {
  boost::asio::io_context context;
  boost::asio::ip::udp::resolver resolver(context);
  boost::system::error_code error;
  const auto found = resolver.resolve(host, std::to_string(port),
                                      boost::asio::ip::resolver_base::numeric_service, error);
  if (error) throw std::invalid_argument("'" + host + "': " + error.message());
  return from_asio(found.begin()->endpoint());
}

std::optional<Proxy> proxy_of(const stile_config& from) {
  if (!from.proxy) return std::nullopt;
  const auto uri = ProxyUri::parse(from.proxy);
  if (!uri) throw std::invalid_argument(uri.error());
  return Proxy{uri->kind, first_address(uri->host, uri->port), uri->username, uri->password};
}

ice::Policy policy_of(stile_policy policy) {
  switch (policy) {
    case STILE_POLICY_ALL:
      return ice::Policy::all;
    case STILE_POLICY_RELAY:
      return ice::Policy::relay;
    case STILE_POLICY_NO_HOST:
      return ice::Policy::no_host;
  }
  throw std::invalid_argument("there is no such policy");
}

ice::Config configuration(const stile_config& from) {
  ice::Config config;
  if (from.components > 256) throw std::invalid_argument("a stream has at most 256 components");
  config.role = from.role == STILE_CONTROLLED ? ice::Role::controlled : ice::Role::controlling;
  config.policy = policy_of(from.policy);
  config.udp = from.no_udp == 0;
  if (from.components > 0) config.components = static_cast<std::uint16_t>(from.components);
  config.trickle = from.trickle != 0;
  config.lite = from.lite != 0;
  config.ipv4 = from.no_ipv4 == 0;
  config.ipv6 = from.no_ipv6 == 0;
  config.tcp = from.tcp != 0;
  config.mdns_names = from.mdns_names != 0;
  config.hard_nats = from.hard_nats != 0;
  if (from.port_mapping != 0) config.port_mapping_routers = default_routers(portmap::server_port);
  config.continual_gathering = from.continual_gathering != 0;
  if (from.detection_ms != 0 && (from.detection_ms < 500 || from.detection_ms > 30'000))
    throw std::invalid_argument("detection_ms is 500 to 30000");
  if (from.detection_ms != 0) config.path_patience = std::chrono::milliseconds(from.detection_ms);
  if (from.restart_after_ms != 0 &&
      (from.restart_after_ms < 1000 || from.restart_after_ms > 3'600'000))
    throw std::invalid_argument("restart_after_ms is 1000 to 3600000");
  if (from.port_min > 65'535 || from.port_max > 65'535)
    throw std::invalid_argument("port_min and port_max are at most 65535");
  config.ports = {static_cast<std::uint16_t>(from.port_min),
                  static_cast<std::uint16_t>(from.port_max)};
  config.restart_after = std::chrono::milliseconds(from.restart_after_ms);
  return config;
}

stile_result result_of(std::error_code error) {
  if (!error) return STILE_OK;
  error_text = error.message();
  switch (static_cast<ice::SessionErrc>(error.value())) {
    case ice::SessionErrc::no_path:
      return STILE_NO_PATH;
    case ice::SessionErrc::no_consent:
      return STILE_NO_CONSENT;
    case ice::SessionErrc::failed:
    case ice::SessionErrc::closed:
      break;
  }
  return STILE_CLOSED;
}

}  // namespace

const char* stile_error_text(void) {
  return error_text.c_str();
}
const char* stile_version(void) {
  return STILE_VERSION;
}

stile_result stile_session_new(const stile_config* config, stile_session** session) {
  if (!config || !session) return fail(STILE_INVALID, "config or session is NULL");
  if (config->struct_size < least_config)
    return fail(STILE_INVALID, "struct_size is not the size of a stile_config");
  // What the caller's version does not have is zero.
  stile_config whole{};
  std::memcpy(&whole, config, std::min(config->struct_size, sizeof whole));
  try {
    const InterfaceFilter filter{.only = text_or_empty(whole.interface_name),
                                 .loopback = whole.loopback != 0,
                                 .default_route = whole.default_route != 0};
    auto made = std::make_unique<stile_session>(
        configuration(whole), TlsTrust{text_or_empty(whole.ca_file)}, proxy_of(whole), filter);
    for (std::size_t i = 0; i < whole.server_count; ++i)
      add_server(made->session, whole.servers[i]);
    *session = made.release();
    return STILE_OK;
  } catch (const std::invalid_argument& error) {
    return fail(STILE_INVALID, error.what());
  } catch (const boost::system::system_error& error) {
    return fail(STILE_INVALID, "the certificates cannot be used: " + error.code().message());
  } catch (const std::exception& error) {
    return fail(STILE_NO_RESOURCES, error.what());
  }
}

void stile_session_free(stile_session* session) {
  delete session;
}

int stile_session_fd(const stile_session* session) {
  return session->descriptors.descriptor();
}
int stile_session_timeout(const stile_session* session) {
  return session->timeout();
}
void stile_session_process(stile_session* session) {
  session->process();
}
stile_state stile_session_state(const stile_session* session) {
  return static_cast<stile_state>(session->session.state());
}

stile_result stile_session_gather(stile_session* session) {
  if (session->session.state() != ice::State::idle &&
      session->session.state() != ice::State::checking)
    return fail(STILE_INVALID,
                "candidates are gathered once; stile_session_restart() does it anew");
  session->session.gather(session->filter);
  session->process();  // what has failed at once
  return STILE_OK;
}

stile_result stile_session_local_description(const stile_session* session, char* text,
                                             size_t* size) {
  ice::StreamDescription stream;
  stream.parameters = session->session.local_parameters();
  stream.candidates = session->candidates;
  stream.end_of_candidates = session->gathered;
  const std::string lines = session_attributes(stream.parameters) + stream_attributes(stream);
  const std::size_t room = *size;
  *size = lines.size();
  if (room <= lines.size())
    return fail(STILE_TOO_SMALL,
                "the description has " + std::to_string(lines.size() + 1) + " bytes");
  std::memcpy(text, lines.c_str(), lines.size() + 1);
  return STILE_OK;
}

stile_result stile_session_set_remote_description(stile_session* session, const char* text) {
  auto streams = ice::parse_sdp(text_or_empty(text));
  if (!streams) return fail(STILE_INVALID, streams.error());
  ice::StreamDescription& stream = streams->front();
  if (stream.parameters.credentials.ufrag.empty())
    return fail(STILE_INVALID, "there is no ice-ufrag");
  if (session->session.is_restart(stream.parameters.credentials)) stile_session_restart(session);
  session->session.set_remote_parameters(stream.parameters);
  for (ice::Candidate& candidate : stream.candidates)
    session->session.add_remote_candidate(std::move(candidate));
  if (stream.end_of_candidates) session->session.end_of_remote_candidates();
  return STILE_OK;
}

stile_result stile_session_add_remote_candidate(stile_session* session, const char* line) {
  auto candidate = ice::Candidate::parse(text_or_empty(line));
  if (!candidate) return fail(STILE_INVALID, candidate.error());
  session->session.add_remote_candidate(std::move(*candidate));
  return STILE_OK;
}

stile_result stile_session_end_of_remote_candidates(stile_session* session) {
  session->session.end_of_remote_candidates();
  return STILE_OK;
}

stile_result stile_session_restart(stile_session* session) {
  if (session->session.state() == ice::State::idle)
    return fail(STILE_INVALID, "nothing has begun yet");
  session->candidates.clear();
  session->gathered = false;
  session->session.restart(session->filter);
  session->process();
  return STILE_OK;
}

stile_result stile_session_send(stile_session* session, unsigned component, const void* data,
                                size_t size) {
  if (component == 0 || component > 256 || (!data && size > 0))
    return fail(STILE_INVALID, "no such component, or data is NULL");
  return result_of(session->session.send({static_cast<const std::uint8_t*>(data), size},
                                         static_cast<std::uint16_t>(component)));
}

int stile_session_next_event(stile_session* session, stile_event* event) {
  if (event->struct_size < least_event) return 0;
  return session->take(*event) ? 1 : 0;
}

void stile_session_dispatch(stile_session* session,
                            void (*take)(stile_session*, const stile_event*, void*), void* user) {
  const std::weak_ptr<const char> life = session->life;
  stile_event event = STILE_EVENT_INIT;
  while (!life.expired() && session->take(event)) take(session, &event, user);
}

void stile_session_for_each_pair(const stile_session* session,
                                 void (*take)(const stile_pair*, void*), void* user) {
  const auto seconds = [](Duration duration) {
    return std::chrono::duration<double>(duration).count();
  };
  session->session.for_each_pair([&](const ice::PairReport& pair) {
    const std::string local = pair.local.to_string();
    const std::string remote = pair.remote.to_string();
    const std::string explanation = explain(pair);
    const stile_pair told{.struct_size = sizeof told,
                          .local = local.c_str(),
                          .remote = remote.c_str(),
                          .state = static_cast<stile_pair_state>(pair.state),
                          .valid = pair.valid,
                          .nominated = pair.nominated,
                          .selected = pair.selected,
                          .explanation = explanation.c_str(),
                          .requests_sent = pair.checks_sent,
                          .responses_received = pair.responses_received,
                          .requests_received = pair.checks_received,
                          .current_round_trip_time = seconds(pair.round_trip_time),
                          .total_round_trip_time = seconds(pair.total_round_trip_time),
                          .packets_sent = pair.packets_sent,
                          .bytes_sent = pair.bytes_sent,
                          .packets_received = pair.packets_received,
                          .bytes_received = pair.bytes_received};
    take(&told, user);
  });
}
