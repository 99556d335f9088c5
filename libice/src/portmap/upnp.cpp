#include "stile/portmap/upnp.hpp"

#include <algorithm>
#include <charconv>

#include "portmap/ssdp.hpp"
#include "portmap/upnp_xml.hpp"

namespace stile::portmap {

namespace {

// 250, 750 and 1,750 ms, and 2 s more: UPnP Device Architecture 1.1 §1.3.2 has devices wait up to
// MX, which is 1 s here.
constexpr stun::RetransmissionPolicy retransmission{
    .rto = std::chrono::milliseconds(250), .rc = 4, .rm = 8};
constexpr int most_ports = 5;
constexpr Duration shortest_renewal = std::chrono::seconds(4);

// WANIPConnection:2 §2.5, and UPnP Device Architecture 1.1 §3.2.2.
constexpr unsigned conflict_in_mapping_entry = 718;
constexpr unsigned only_permanent_leases = 725;
constexpr unsigned conflict_with_other_mechanisms = 729;

unsigned error_code_in(const HttpAnswer& answer) {
  unsigned code = 0;
  const std::string text = element_text(answer.body, "errorCode").value_or("");
  std::from_chars(text.data(), text.data() + text.size(), code);
  return code;
}

std::string problem_of(const HttpAnswer& answer) {
  if (const unsigned code = error_code_in(answer)) return "UPnP error " + std::to_string(code);
  return "HTTP status " + std::to_string(answer.status);
}

std::string argument(const char* name, const std::string& value) {
  return std::string("<") + name + ">" + value + "</" + name + ">";
}

std::string_view word_for(Protocol protocol) {
  return protocol == Protocol::tcp ? "TCP" : "UDP";
}

constexpr unsigned ok = 200;

}  // namespace

bool UpnpMapping::is_supported() {
  return can_read_xml();
}

void UpnpMapping::request(Instant now) {
  if (step_ != Step::idle || external_) return;
  step_ = Step::searching;
  searching_.emplace(now, retransmission);
  search();
}

void UpnpMapping::search() {
  transmits_.push_back(copy_of(as_bytes(search_message())));
}

void UpnpMapping::close() {
  // One that is being added may be there already.
  if (external_ || step_ == Step::adding)
    post("DeletePortMapping", argument("NewRemoteHost", "") +
                                  argument("NewExternalPort", std::to_string(external_port_)) +
                                  argument("NewProtocol", std::string(word_for(config_.protocol))));
  step_ = Step::idle;
  searching_.reset();
  external_.reset();
  renew_at_ = ends_at_ = never;
}

void UpnpMapping::handle_datagram(Instant, Bytes datagram) {
  if (step_ != Step::searching) return;
  const auto location = location_in(as_text(datagram));
  // A device that describes another one is not to make us ask that.
  if (!location || location->server.ip != config_.router.ip) return;
  searching_.reset();
  step_ = Step::describing;
  description_port_ = location->server.port;
  requests_.push_back({location->server, location->path, {}, {}});
}

void UpnpMapping::handle_answer(Instant now, const HttpOutcome& outcome) {
  if (step_ == Step::idle || step_ == Step::searching) return;
  if (!outcome) return fail(now, outcome.error());
  switch (step_) {
    case Step::describing:
      return take_description(now, *outcome);
    case Step::asking_address:
      return take_address(now, *outcome);
    case Step::adding:
      return take_added(now, *outcome);
    case Step::idle:
    case Step::searching:
      return;
  }
}

void UpnpMapping::take_description(Instant now, const HttpAnswer& answer) {
  services_ = services_in(answer.body, {config_.router.ip, description_port_});
  if (answer.status != ok || services_.empty())
    return fail(now, "its description has no service that maps ports");
  external_port_ = config_.internal.port;
  ports_left_ = most_ports;
  ask_address(now);
}

void UpnpMapping::ask_address(Instant) {
  step_ = Step::asking_address;
  post("GetExternalIPAddress", {});
}

/// A gateway may have several connections, of which one is up.
void UpnpMapping::take_address(Instant now, const HttpAnswer& answer) {
  const auto text = element_text(answer.body, "NewExternalIPAddress");
  const auto address = text ? IpAddress::parse(*text) : std::nullopt;
  if (answer.status == ok && address && address->is_v4() && !address->is_unspecified()) {
    external_ip_ = *address;
    return add();
  }
  if (services_.size() > 1 && !external_) {
    services_.erase(services_.begin());
    return ask_address(now);
  }
  fail(now, answer.status == ok ? "it has no external address" : problem_of(answer));
}

void UpnpMapping::add() {
  step_ = Step::adding;
  const auto lease = std::chrono::duration_cast<std::chrono::seconds>(config_.lifetime).count();
  post("AddPortMapping",
       argument("NewRemoteHost", "") + argument("NewExternalPort", std::to_string(external_port_)) +
           argument("NewProtocol", std::string(word_for(config_.protocol))) +
           argument("NewInternalPort", std::to_string(config_.internal.port)) +
           argument("NewInternalClient", config_.internal.ip.to_string()) +
           argument("NewEnabled", "1") + argument("NewPortMappingDescription", "stile") +
           argument("NewLeaseDuration", std::to_string(permanent_ ? 0 : lease)));
}

void UpnpMapping::take_added(Instant now, const HttpAnswer& answer) {
  if (answer.status == ok) return granted(now);
  const unsigned code = error_code_in(answer);
  if (code == only_permanent_leases && !permanent_) {
    permanent_ = true;
    return add();
  }
  const bool is_taken = code == conflict_in_mapping_entry || code == conflict_with_other_mechanisms;
  if (!is_taken || external_ || --ports_left_ == 0) return fail(now, problem_of(answer));
  constexpr std::uint32_t first = 1024;
  external_port_ = static_cast<std::uint16_t>(first + random_.below(65536 - first));
  add();
}

void UpnpMapping::granted(Instant now) {
  step_ = Step::idle;
  if (permanent_) {
    renew_at_ = ends_at_ = never;
  } else {
    renew_at_ = now + config_.lifetime / 2;
    ends_at_ = now + config_.lifetime;
  }
  const TransportAddress external{*external_ip_, external_port_};
  if (external_ == external) return;
  external_ = external;
  events_.push_back(Mapped{external});
}

/// What is there lasts until its end, and is asked for again before.
void UpnpMapping::fail(Instant now, std::string reason) {
  if (!external_) return lose(std::move(reason));
  step_ = Step::idle;
  renew_at_ = now + std::max((ends_at_ - now) / 2, shortest_renewal);
}

void UpnpMapping::lose(std::string reason) {
  step_ = Step::idle;
  searching_.reset();
  external_.reset();
  renew_at_ = ends_at_ = never;
  events_.push_back(Lost{std::move(reason)});
}

void UpnpMapping::handle_timeout(Instant now) {
  if (now >= ends_at_) return lose("the mapping has run out, and is not renewed");
  if (now >= renew_at_) {
    renew_at_ = never;
    return ask_address(now);
  }
  if (!searching_) return;
  switch (searching_->on_timeout(now)) {
    case stun::TransactionTimer::Action::wait:
      return;
    case stun::TransactionTimer::Action::retransmit:
      return search();
    case stun::TransactionTimer::Action::timed_out:
      return lose("does not answer to UPnP");
  }
}

Instant UpnpMapping::poll_timeout() const {
  return std::min({searching_ ? searching_->deadline() : never, renew_at_, ends_at_});
}

/// UPnP Device Architecture 1.1 §3.2.1.
void UpnpMapping::post(const std::string& action, const std::string& arguments) {
  const UpnpService& service = services_.front();
  requests_.push_back({{config_.router.ip, service.control_port},
                       service.control_path,
                       "\"" + service.type + "#" + action + "\"",
                       "<?xml version=\"1.0\"?>\r\n"
                       "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                       "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:" +
                           action + " xmlns:u=\"" + service.type + "\">" + arguments +
                           "</u:" + action + "></s:Body></s:Envelope>\r\n"});
}

std::optional<ByteVector> UpnpMapping::poll_transmit() {
  if (transmits_.empty()) return std::nullopt;
  ByteVector bytes = std::move(transmits_.front());
  transmits_.pop_front();
  return bytes;
}

std::optional<HttpRequest> UpnpMapping::poll_request() {
  if (requests_.empty()) return std::nullopt;
  HttpRequest request = std::move(requests_.front());
  requests_.pop_front();
  return request;
}

std::optional<Event> UpnpMapping::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace stile::portmap
