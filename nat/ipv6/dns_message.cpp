#include "nat/ipv6/dns_message.hpp"

namespace stile::nat {

namespace {

constexpr std::size_t header_length = 12;
constexpr std::size_t longest_name = 255;

/// Reads from one place to the next; what is not there makes it fail for good.
class Reader {
 public:
  explicit Reader(Bytes message) : message_(message), at_(header_length) {}

  bool failed() const { return failed_; }
  std::uint16_t u16() {
    if (!has(2)) return 0;
    at_ += 2;
    return load_u16(message_.data() + at_ - 2);
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  Bytes take(std::size_t size) {
    if (!has(size)) return {};
    at_ += size;
    return message_.subspan(at_ - size, size);
  }
  std::size_t position() const { return at_; }
  void go_to(std::size_t position) { at_ = position; }

  /// RFC 1035 §4.1.4: a pointer leads back only, so that there is no loop.
  DnsName name() {
    DnsName name;
    std::size_t end = 0;  // behind the first pointer
    std::size_t limit = at_;
    for (;;) {
      if (!has(1)) return {};
      const std::uint8_t length = message_[at_];
      if ((length & 0xc0) == 0xc0) {
        if (!has(2)) return {};
        const std::size_t target = load_u16(message_.data() + at_) & 0x3fffu;
        if (end == 0) end = at_ + 2;
        if (target >= limit) return fail();
        limit = at_ = target;
        continue;
      }
      if (length > 63 || !has(1u + length) || name.size() + length + 1 > longest_name)
        return fail();
      name += as_text(message_.subspan(at_, 1u + length));
      at_ += 1u + length;
      if (length == 0) break;
    }
    if (end != 0) at_ = end;
    return name;
  }

 private:
  bool has(std::size_t size) {
    failed_ = failed_ || at_ > message_.size() || size > message_.size() - at_;
    return !failed_;
  }
  DnsName fail() {
    failed_ = true;
    return {};
  }

  Bytes message_;
  std::size_t at_;
  bool failed_ = false;
};

bool holds_name(std::uint16_t type) {
  return type == dns_type::cname || type == dns_type::dname || type == dns_type::ptr;
}

DnsRecord read_record(Reader& reader) {
  DnsRecord record;
  record.name = reader.name();
  record.type = reader.u16();
  record.klass = reader.u16();
  record.ttl = reader.u32();
  const std::size_t length = reader.u16();
  const std::size_t begin = reader.position();
  if (holds_name(record.type)) {
    record.data = copy_of(as_bytes(reader.name()));
    reader.go_to(begin);
    reader.take(length);
  } else {
    record.data = copy_of(reader.take(length));
  }
  return record;
}

void append_u16(ByteVector& bytes, std::size_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void append(ByteVector& bytes, Bytes more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

ByteVector make_header(std::uint16_t id, unsigned flags, const DnsQuestion& question,
                       std::size_t answers) {
  ByteVector message;
  append_u16(message, id);
  append_u16(message, flags);
  append_u16(message, 1);
  append_u16(message, answers);
  append_u16(message, 0);
  append_u16(message, 0);
  append(message, as_bytes(question.name));
  append_u16(message, question.type);
  append_u16(message, question.klass);
  return message;
}

}  // namespace

std::optional<DnsMessage> parse_dns(Bytes bytes) {
  if (bytes.size() < header_length || load_u16(bytes.data() + 4) != 1) return std::nullopt;
  DnsMessage message;
  message.id = load_u16(bytes.data());
  message.flags = load_u16(bytes.data() + 2);
  Reader reader(bytes);
  message.question.name = reader.name();
  message.question.type = reader.u16();
  message.question.klass = reader.u16();
  for (std::size_t left = load_u16(bytes.data() + 6); left > 0 && !reader.failed(); --left)
    message.answers.push_back(read_record(reader));
  for (std::size_t left = load_u16(bytes.data() + 8); left > 0 && !reader.failed(); --left)
    message.authority.push_back(read_record(reader));
  for (std::size_t left = load_u16(bytes.data() + 10); left > 0 && !reader.failed(); --left) {
    const DnsRecord record = read_record(reader);
    if (record.type == dns_type::opt) message.dnssec_ok = (record.ttl & 0x8000) != 0;
  }
  if (reader.failed()) return std::nullopt;
  return message;
}

ByteVector make_dns_query(std::uint16_t id, const DnsQuestion& question) {
  constexpr unsigned recursion_desired = 0x0100;
  return make_header(id, recursion_desired, question, 0);
}

ByteVector make_dns_response(const DnsMessage& query, std::uint8_t rcode,
                             const std::vector<DnsRecord>& answers) {
  constexpr unsigned response_available = 0x8080;
  const unsigned kept = query.flags & 0x7910u;  // opcode, RD, CD
  ByteVector message =
      make_header(query.id, response_available | kept | rcode, query.question, answers.size());
  for (const DnsRecord& record : answers) {
    append(message, as_bytes(record.name));
    append_u16(message, record.type);
    append_u16(message, record.klass);
    append_u16(message, record.ttl >> 16);
    append_u16(message, record.ttl & 0xffff);
    append_u16(message, record.data.size());
    append(message, record.data);
  }
  return message;
}

}  // namespace stile::nat
