#include "server/shell/control_reports.hpp"
#include "server/shell/worker.hpp"
#include "stile/stun/attributes.hpp"

namespace stile::server {

namespace {

std::string_view name_of(relay::EndReason reason) {
  switch (reason) {
    case relay::EndReason::expired:
      return "expired";
    case relay::EndReason::deleted:
      return "deleted";
    case relay::EndReason::client_closed:
      return "client-closed";
    case relay::EndReason::closed:
      return "closed";
  }
  return {};
}

std::string_view name_of(stun::Method method) {
  switch (method) {
    case stun::Method::binding:
      return "Binding";
    case stun::Method::allocate:
      return "Allocate";
    case stun::Method::refresh:
      return "Refresh";
    case stun::Method::send:
      return "Send";
    case stun::Method::data:
      return "Data";
    case stun::Method::create_permission:
      return "CreatePermission";
    case stun::Method::channel_bind:
      return "ChannelBind";
    case stun::Method::connect:
      return "Connect";
    case stun::Method::connection_bind:
      return "ConnectionBind";
    case stun::Method::connection_attempt:
      return "ConnectionAttempt";
  }
  return {};
}

std::string relayed(const std::optional<TransportAddress>& v4,
                    const std::optional<TransportAddress>& v6) {
  if (v4 && v6) return v4->to_string() + "," + v6->to_string();
  return v4 ? v4->to_string() : v6 ? v6->to_string() : "";
}

}  // namespace

/// Where nobody has a name, users go by their addresses.
LogField Worker::user(const std::string& name) const {
  const bool is_address = shared_.config->allow_anonymous;
  return {"user", name, is_address ? LogField::Kind::client_address : LogField::Kind::text};
}

void Worker::report(const relay::AllocationCreated& created) {
  if (!shared_.log->takes(LogLevel::info)) return;
  shared_.log->write(now_, LogLevel::info, "allocation-created",
                     {user(created.username),
                      {"relayed", relayed(created.relayed_v4, created.relayed_v6)},
                      {"transport", name_of(created.five_tuple.transport)},
                      {"client", created.five_tuple.client}});
}

void Worker::report(const relay::AllocationEnded& ended) {
  if (!shared_.log->takes(LogLevel::info)) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(ended.lasted).count();
  shared_.log->write(now_, LogLevel::info, "allocation-ended",
                     {user(ended.username),
                      {"relayed", relayed(ended.relayed_v4, ended.relayed_v6)},
                      {"reason", name_of(ended.reason)},
                      {"seconds", static_cast<std::uint64_t>(seconds)},
                      {"bytes_to_peers", ended.to_peers.bytes},
                      {"bytes_from_peers", ended.from_peers.bytes},
                      {"client", ended.five_tuple.client}});
}

void Worker::report(const relay::AllocationMoved& moved) {
  shared_.log->write(now_, LogLevel::info, "allocation-moved",
                     {user(moved.username), {"from", moved.from.client}, {"to", moved.to.client}});
}

/// Of what is sent to a client, the errors: for who looks for the reason why one is not served.
void Worker::report_refusal(const FiveTuple& to, Bytes message) {
  const auto view = stun::MessageView::parse(message);
  if (!view || view->message_class() != stun::Class::error_response) return;
  const auto error = view->get<stun::ErrorCode>();
  shared_.log->write(now_, LogLevel::debug, "request-refused",
                     {{"method", name_of(view->method())},
                      {"code", std::uint64_t{error ? error->number : 0u}},
                      {"transport", name_of(to.transport)},
                      {"client", to.client}});
}

}  // namespace stile::server
