#include "nat/ipv6/dns64.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace stile::nat {

namespace {

constexpr std::uint32_t longest_ttl_without_soa = 600;  // RFC 6147 §5.1.7

std::optional<unsigned> nibble_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

/// RFC 3596 §2.5: 32 nibbles, the last first, under ip6.arpa.
std::optional<IpAddress> address_of_reverse(std::string_view name) {
  constexpr std::string_view suffix("\3ip6\4arpa\0", 10);
  constexpr std::size_t nibbles = 32;
  if (name.size() != nibbles * 2 + suffix.size() || !same_name(name.substr(nibbles * 2), suffix))
    return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < nibbles; ++i) {
    const auto nibble = nibble_of(name[i * 2 + 1]);
    if (name[i * 2] != 1 || !nibble) return std::nullopt;
    const std::size_t place = nibbles - 1 - i;
    bytes[place / 2] =
        static_cast<std::uint8_t>(bytes[place / 2] | *nibble << (place % 2 == 0 ? 4 : 0));
  }
  return IpAddress::v6(bytes);
}

/// RFC 1035 §3.5
DnsName ipv4_reverse(std::uint32_t address) {
  DnsName name;
  for (int i = 0; i < 4; ++i, address >>= 8) {
    const std::string number = std::to_string(address & 0xff);
    name += static_cast<char>(number.size());
    name += number;
  }
  return name + std::string("\7in-addr\4arpa\0", 14);
}

bool asks(const DnsMessage& message, std::uint16_t type) {
  return message.question.type == type && message.question.klass == dns_class_in;
}

std::uint32_t ttl_of_soa(const DnsMessage& answer) {
  const auto soa = std::ranges::find(answer.authority, dns_type::soa, &DnsRecord::type);
  return soa == answer.authority.end() ? longest_ttl_without_soa : soa->ttl;
}

}  // namespace

void Dns64::handle_query(Instant now, const TransportAddress& client, Bytes bytes) {
  handle_timeout(now);
  auto query = parse_dns(bytes);
  if (!query || query->is_response() || query->opcode() != 0) {
    ++counters_.dropped_malformed;
    return;
  }
  ++counters_.queries;
  Pending pending{client, std::move(*query), Stage::passed_on, {}, {}, 0, {}};
  pending.asked = pending.query.question;
  // RFC 6147 §5.5: who validates for itself gets no synthetic records.
  const bool validates = pending.query.checking_disabled() && pending.query.dnssec_ok;
  if (asks(pending.query, dns_type::aaaa) && !validates) pending.stage = Stage::asked_aaaa;
  if (asks(pending.query, dns_type::ptr)) {
    if (const auto name = ipv4_name_of(pending.query.question.name)) {
      pending.stage = Stage::asked_ptr;
      pending.asked.name = *name;
      return ask(std::move(pending), make_dns_query(0, {*name, dns_type::ptr, dns_class_in}));
    }
  }
  ask(std::move(pending), copy_of(bytes));
}

/// RFC 6147 §5.3.1: of an address within the prefix.
std::optional<DnsName> Dns64::ipv4_name_of(const DnsName& name) const {
  const auto address = address_of_reverse(name);
  const auto ipv4 = address ? config_.prefix.extract(*address) : std::nullopt;
  return ipv4 ? std::optional(ipv4_reverse(*ipv4)) : std::nullopt;
}

/// Towards the resolver, under an id that cannot be guessed (RFC 5452 §9.2).
void Dns64::ask(Pending pending, ByteVector message) {
  const auto id = free_id();
  if (!id) {
    ++counters_.dropped_limit;
    return;
  }
  store_u16(message.data(), *id);
  pending.deadline = now_ + config_.timeout;
  queue_.push(pending.deadline, *id);
  pending_.emplace(*id, std::move(pending));
  outputs_.push_back(ToResolver{std::move(message)});
}

std::optional<std::uint16_t> Dns64::free_id() {
  if (pending_.size() >= std::min<std::size_t>(config_.max_queries, 32768)) return std::nullopt;
  for (;;) {
    const auto id = static_cast<std::uint16_t>(random_.u32());
    if (!pending_.contains(id)) return id;
  }
}

void Dns64::answer(const Pending& pending, ByteVector message) {
  store_u16(message.data(), pending.query.id);
  outputs_.push_back(ToClient{pending.client, std::move(message)});
}

void Dns64::handle_answer(Instant now, Bytes bytes) {
  handle_timeout(now);
  const auto message = parse_dns(bytes);
  const auto found = message ? pending_.find(message->id) : pending_.end();
  if (found == pending_.end() || !message->is_response() ||
      !same_name(message->question.name, found->second.asked.name)) {
    ++counters_.dropped_malformed;
    return;
  }
  Pending pending = std::move(found->second);
  pending_.erase(found);
  switch (pending.stage) {
    case Stage::passed_on:
      return answer(pending, copy_of(bytes));
    case Stage::asked_aaaa:
      return handle_aaaa_answer(std::move(pending), *message, bytes);
    case Stage::asked_a:
      return handle_a_answer(pending, *message);
    case Stage::asked_ptr:
      return handle_ptr_answer(pending, *message);
  }
}

/// RFC 6147 §5.1.1 to §5.1.4: a real address is enough, and a name that does not exist has none;
/// all else has the A record asked for.
void Dns64::handle_aaaa_answer(Pending pending, const DnsMessage& message, Bytes bytes) {
  const bool is_done = message.rcode() == dns_rcode::name_error || message.is_truncated() ||
                       (message.rcode() == dns_rcode::no_error && has_usable_aaaa(message));
  if (is_done) return answer(pending, copy_of(bytes));
  pending.stage = Stage::asked_a;
  pending.aaaa_answer = copy_of(bytes);
  pending.negative_ttl = ttl_of_soa(message);
  pending.asked = {pending.query.question.name, dns_type::a, dns_class_in};
  ByteVector query = make_dns_query(0, pending.asked);
  ask(std::move(pending), std::move(query));
}

bool Dns64::has_usable_aaaa(const DnsMessage& message) const {
  return std::ranges::any_of(message.answers, [this](const DnsRecord& record) {
    if (record.type != dns_type::aaaa || record.data.size() != 16) return false;
    const auto address = *IpAddress::from_bytes(record.data);
    return address.is_v6() && std::ranges::none_of(config_.excluded, [&](const IpPrefix& prefix) {
             return prefix.contains(address);
           });
  });
}

/// RFC 6147 §5.1.6, §5.1.7: the chain of aliases stays, each A becomes an AAAA.
void Dns64::handle_a_answer(const Pending& pending, const DnsMessage& message) {
  std::vector<DnsRecord> answers;
  bool has_address = false;
  for (const DnsRecord& record : message.answers) {
    if (record.type == dns_type::cname || record.type == dns_type::dname) answers.push_back(record);
    if (record.type != dns_type::a || record.data.size() != 4) continue;
    const std::uint32_t ipv4 = load_u32(record.data.data());
    if (config_.prefix.is_well_known() && !is_global(ipv4)) continue;  // RFC 6052 §3.1
    has_address = true;
    answers.push_back({record.name, dns_type::aaaa, dns_class_in,
                       std::min(record.ttl, pending.negative_ttl),
                       copy_of(config_.prefix.embed(ipv4).v6_bytes())});
  }
  if (!has_address) return answer(pending, pending.aaaa_answer);
  ++counters_.synthesized;
  answer(pending, make_dns_response(pending.query, dns_rcode::no_error, answers));
}

/// RFC 6147 §5.3.1: an alias into in-addr.arpa, and what is there.
void Dns64::handle_ptr_answer(const Pending& pending, const DnsMessage& message) {
  std::vector<DnsRecord> answers{{pending.query.question.name, dns_type::cname, dns_class_in,
                                  longest_ttl_without_soa, copy_of(as_bytes(pending.asked.name))}};
  for (const DnsRecord& record : message.answers)
    if (record.type == dns_type::ptr || record.type == dns_type::cname) answers.push_back(record);
  ++counters_.synthesized;
  answer(pending, make_dns_response(pending.query, message.rcode(), answers));
}

void Dns64::handle_timeout(Instant now) {
  now_ = std::max(now_, now);
  while (const auto id = queue_.pop_due(now_)) {
    const auto found = pending_.find(*id);
    if (found == pending_.end() || found->second.deadline > now_) continue;
    // The client asks again, or elsewhere.
    ++counters_.timed_out;
    pending_.erase(found);
  }
}

std::optional<Dns64::Output> Dns64::poll_output() {
  if (outputs_.empty()) return std::nullopt;
  Output output = std::move(outputs_.front());
  outputs_.pop_front();
  return output;
}

}  // namespace stile::nat
