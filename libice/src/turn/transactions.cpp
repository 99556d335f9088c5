#include <algorithm>
#include <array>

#include "stile/turn/client.hpp"

namespace stile::turn {

using stun::Class;
using stun::ErrorNumber;
using stun::Method;

namespace {

/// Limit: challenges answered for one request; a server that always has a new nonce is not followed
/// forever.
constexpr unsigned max_attempts = 4;
/// Holds what is longest: user name, realm and nonce of RFC 8489 §14, the algorithms, and sixteen
/// peers.
constexpr std::size_t longest_request = 3072;

bool is(std::uint16_t number, ErrorNumber error) {
  return number == static_cast<std::uint16_t>(error);
}

}  // namespace

void Client::start(Instant now, Procedure procedure, unsigned attempt) {
  const auto id = stun::TransactionId::make(random_);
  ByteVector bytes = build(id, procedure);
  transmits_.push_back(bytes);
  transactions_.push_back({id, std::move(procedure), std::move(bytes),
                           stun::TransactionTimer(now, config_.retransmission),
                           authentication_.is_challenged(), attempt});
}

ByteVector Client::build(const stun::TransactionId& id, const Procedure& procedure) const {
  static constexpr Method methods[] = {Method::allocate, Method::refresh, Method::create_permission,
                                       Method::channel_bind};
  std::array<std::uint8_t, longest_request> buffer;
  stun::MessageBuilder builder(buffer, Class::request, methods[procedure.index()], id);
  const auto lifetime = [](Duration duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    return stun::LifetimeAttribute{static_cast<std::uint32_t>(seconds)};
  };
  if (std::holds_alternative<AllocateRequest>(procedure)) {
    const auto transport = config_.relays_tcp ? stun::RequestedTransport::tcp  // RFC 6062 §4.1
                                              : stun::RequestedTransport::udp;
    builder.add(stun::RequestedTransport{transport}).add(lifetime(config_.lifetime));
    // RFC 8656 §18.6: without the attribute IPv4 is meant; servers that know only IPv4 need not
    // know it then.
    if (config_.family == Family::ipv6)
      builder.add(stun::RequestedAddressFamily{stun::wire_family(config_.family)});
  } else if (const auto* refresh = std::get_if<RefreshRequest>(&procedure)) {
    builder.add(lifetime(refresh->lifetime));
  } else if (const auto* permissions = std::get_if<PermissionRequest>(&procedure)) {
    for (const IpAddress& peer : permissions->peers) builder.add(stun::XorPeerAddress{{peer, 0}});
  } else if (const auto* channel = std::get_if<ChannelRequest>(&procedure)) {
    builder.add(stun::ChannelNumberAttribute{channel->number.value})
        .add(stun::XorPeerAddress{channel->peer});
  }
  authentication_.sign(builder);
  return copy_of(builder.finish());
}

void Client::handle_response(Instant now, const stun::MessageView& response) {
  const auto found = std::ranges::find(transactions_, response.transaction_id(), &Transaction::id);
  if (found == transactions_.end() || !is_authentic(response, *found)) return;
  const Transaction transaction = std::move(*found);
  transactions_.erase(found);
  if (transaction.timer.sent_count() > 1) ++late_answers_;

  if (response.message_class() == Class::success_response) {
    std::visit([&](const auto& procedure) { succeed(now, procedure, response); },
               transaction.procedure);
    return;
  }
  const auto error = response.get<stun::ErrorCode>();
  const std::uint16_t number =
      error ? error->number : static_cast<std::uint16_t>(ErrorNumber::server_error);
  if (is(number, ErrorNumber::unauthenticated) || is(number, ErrorNumber::stale_nonce))
    return handle_challenge(now, response, transaction);
  if (is(number, ErrorNumber::try_alternate) &&
      std::holds_alternative<AllocateRequest>(transaction.procedure))
    return follow(response);
  give_up(now, transaction, number, error ? std::string(error->reason) : std::string());
}

// RFC 8489 §10. Whether it is followed is the owner's business: the other server needs another
// 5-tuple.
void Client::follow(const stun::MessageView& response) {
  const auto alternate = response.get<stun::AlternateServer>();
  fail(static_cast<std::uint16_t>(ErrorNumber::try_alternate),
       alternate ? "300: sends us to " + alternate->address.to_string()
                 : "300: sends us elsewhere, and does not say where");
  if (alternate) std::get<Failed>(events_.back()).alternate = alternate->address;
}

// RFC 8489 §9.2.5: challenges cannot be signed; everything else in answer to a signed request must
// be.
bool Client::is_authentic(const stun::MessageView& response, const Transaction& transaction) const {
  if (!transaction.was_signed) return response.message_class() == Class::error_response;
  const bool signed_response = response.has(stun::AttributeType::message_integrity) ||
                               response.has(stun::AttributeType::message_integrity_sha256);
  if (signed_response) return authentication_.verify(response);
  if (response.message_class() == Class::success_response) return false;
  // Interop: servers sign few of their errors; an unsigned one is believed, except the 400 that
  // §9.2.5 names.
  const auto error = response.get<stun::ErrorCode>();
  return error && !is(error->number, ErrorNumber::bad_request);
}

void Client::handle_challenge(Instant now, const stun::MessageView& response,
                              Transaction transaction) {
  const std::uint16_t number = response.get<stun::ErrorCode>()->number;
  const auto verdict = authentication_.take_challenge(response, transaction.was_signed);
  if (verdict == Authentication::Verdict::wrong_credentials)
    return give_up(now, transaction, number, "wrong user name or password");
  if (verdict == Authentication::Verdict::unusable_challenge || transaction.attempt >= max_attempts)
    return give_up(now, transaction, number, "asks for credentials in a way that cannot be met");
  start(now, transaction.procedure, transaction.attempt + 1);
}

void Client::give_up(Instant now, const Transaction& transaction, std::uint16_t error,
                     std::string reason) {
  if (closing_) return;
  std::visit([&](const auto& procedure) { refuse(now, procedure, error, reason); },
             transaction.procedure);
}

void Client::fail(std::uint16_t error, std::string reason) {
  allocation_.reset();
  transactions_.clear();
  permissions_.clear();
  channels_.clear();
  events_.push_back(Failed{error, std::move(reason)});
}

}  // namespace stile::turn
