#include "nat/ipv6/dns64.hpp"

#include "tests/unit/nat_ipv6/packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const TransportAddress client = at("[2001:db8:1::10]:40000");
const DnsName example("\7example\3org\0", 13);
const DnsName alias("\3www\7example\3org\0", 17);

DnsRecord record(const DnsName& name, std::uint16_t type, std::uint32_t ttl, Bytes data) {
  return {name, type, dns_class_in, ttl, copy_of(data)};
}

DnsRecord a_record(const DnsName& name, std::string_view address, std::uint32_t ttl = 3000) {
  return record(name, dns_type::a, ttl, ip(address).wire_bytes());
}

/// The resolver's answer, with the question and the id that it was asked with.
ByteVector answer_to(Bytes query, std::uint8_t rcode, const std::vector<DnsRecord>& answers) {
  return make_dns_response(*parse_dns(query), rcode, answers);
}

/// A SOA behind the answers, as in negative ones.
ByteVector with_soa(ByteVector message, std::uint32_t ttl) {
  message[9] = 1;
  const ByteVector soa{0, 0, 6, 0, 1};
  message.insert(message.end(), soa.begin(), soa.end());
  ByteVector rest(6 + 22);
  store_u32(rest.data(), ttl);
  rest[5] = 22;
  message.insert(message.end(), rest.begin(), rest.end());
  return message;
}

class Bench {
 public:
  explicit Bench(Prefix64 prefix = *Prefix64::parse("2001:db8:64::/96"))
      : dns64({prefix, {}}, random) {}

  /// What the resolver is asked.
  ByteVector asked(ByteVector query) {
    dns64.handle_query(now, client, query);
    return to_resolver();
  }
  ByteVector to_resolver() {
    const auto output = dns64.poll_output();
    REQUIRE(output);
    CHECK_FALSE(dns64.poll_output());
    return std::get<Dns64::ToResolver>(*output).message;
  }
  ByteVector to_client() {
    const auto output = dns64.poll_output();
    REQUIRE(output);
    CHECK_FALSE(dns64.poll_output());
    CHECK(std::get<Dns64::ToClient>(*output).client == client);
    return std::get<Dns64::ToClient>(*output).message;
  }
  void answers(const ByteVector& message) { dns64.handle_answer(now, message); }

  SeededRandom random{1};
  Dns64 dns64;
  Instant now{1h};
};

ByteVector aaaa_query(const DnsName& name = example) {
  return make_dns_query(77, {name, dns_type::aaaa, dns_class_in});
}

}  // namespace

TEST_CASE("dns64: a name with IPv4 addresses alone gets IPv6 ones", "[nat][rfc6147-5.1.6]") {
  Bench bench;
  const ByteVector first = bench.asked(aaaa_query());
  CHECK(parse_dns(first)->question.type == dns_type::aaaa);
  bench.answers(answer_to(first, dns_rcode::no_error, {}));
  const ByteVector second = bench.to_resolver();
  CHECK(parse_dns(second)->question.type == dns_type::a);
  bench.answers(answer_to(second, dns_rcode::no_error, {a_record(example, "198.51.100.1", 300)}));
  const auto answer = parse_dns(bench.to_client());
  REQUIRE(answer);
  CHECK(answer->id == 77);
  CHECK(answer->question.type == dns_type::aaaa);
  REQUIRE(answer->answers.size() == 1);
  CHECK(answer->answers[0].type == dns_type::aaaa);
  CHECK(answer->answers[0].name == example);
  CHECK(answer->answers[0].ttl == 300);
  CHECK(IpAddress::from_bytes(answer->answers[0].data) == ip("2001:db8:64::198.51.100.1"));
  CHECK((answer->flags & 0x0020) == 0);  // AD, RFC 6147 §5.5
  CHECK(bench.dns64.counters().synthesized == 1);
}

TEST_CASE("dns64: a name with an IPv6 address is left alone", "[nat][rfc6147-5.1.1]") {
  Bench bench;
  const ByteVector query = bench.asked(aaaa_query());
  const ByteVector answer =
      answer_to(query, dns_rcode::no_error,
                {record(example, dns_type::aaaa, 60, ip("2001:db8:9::1").v6_bytes())});
  bench.answers(answer);
  ByteVector wanted = answer;
  store_u16(wanted.data(), 77);
  CHECK(bench.to_client() == wanted);
}

TEST_CASE("dns64: a name that does not exist has no address", "[nat][rfc6147-5.1.2]") {
  Bench bench;
  bench.answers(answer_to(bench.asked(aaaa_query()), dns_rcode::name_error, {}));
  CHECK(parse_dns(bench.to_client())->rcode() == dns_rcode::name_error);
}

TEST_CASE("dns64: another error counts as no address", "[nat][rfc6147-5.1.2]") {
  Bench bench;
  bench.answers(answer_to(bench.asked(aaaa_query()), dns_rcode::server_failure, {}));
  const ByteVector second = bench.to_resolver();
  bench.answers(answer_to(second, dns_rcode::no_error, {a_record(example, "198.51.100.1")}));
  CHECK(parse_dns(bench.to_client())->answers.size() == 1);
}

TEST_CASE("dns64: IPv4-mapped addresses count as none", "[nat][rfc6147-5.1.4]") {
  Bench bench;
  const ByteVector query = bench.asked(aaaa_query());
  bench.answers(answer_to(query, dns_rcode::no_error,
                          {record(example, dns_type::aaaa, 60, ip("192.0.2.1").v6_bytes())}));
  CHECK(parse_dns(bench.to_resolver())->question.type == dns_type::a);
}

TEST_CASE("dns64: aliases stay in the answer", "[nat][rfc6147-5.1.5]") {
  Bench bench;
  bench.answers(answer_to(bench.asked(aaaa_query(alias)), dns_rcode::no_error, {}));
  const ByteVector second = bench.to_resolver();
  bench.answers(answer_to(
      second, dns_rcode::no_error,
      {record(alias, dns_type::cname, 60, as_bytes(example)), a_record(example, "198.51.100.1")}));
  const auto answer = parse_dns(bench.to_client());
  REQUIRE(answer->answers.size() == 2);
  CHECK(answer->answers[0].type == dns_type::cname);
  CHECK(as_text(answer->answers[0].data) == example);
  CHECK(answer->answers[1].name == example);
}

TEST_CASE("dns64: no answer lives longer than the negative one would have",
          "[nat][rfc6147-5.1.7]") {
  const auto ttl_with = [](std::optional<std::uint32_t> soa, std::uint32_t of_a) {
    Bench bench;
    ByteVector negative = answer_to(bench.asked(aaaa_query()), dns_rcode::no_error, {});
    if (soa) negative = with_soa(negative, *soa);
    bench.answers(negative);
    bench.answers(answer_to(bench.to_resolver(), dns_rcode::no_error,
                            {a_record(example, "198.51.100.1", of_a)}));
    return parse_dns(bench.to_client())->answers.at(0).ttl;
  };
  CHECK(ttl_with(std::nullopt, 3000) == 600);
  CHECK(ttl_with(std::nullopt, 30) == 30);
  CHECK(ttl_with(120, 3000) == 120);
  CHECK(ttl_with(7200, 3000) == 3000);
}

TEST_CASE("dns64: without an A record either, the first answer is given", "[nat][rfc6147-5.1.2]") {
  Bench bench;
  bench.answers(with_soa(answer_to(bench.asked(aaaa_query()), dns_rcode::no_error, {}), 60));
  bench.answers(answer_to(bench.to_resolver(), dns_rcode::no_error, {}));
  const auto answer = parse_dns(bench.to_client());
  CHECK(answer->answers.empty());
  CHECK(answer->authority.size() == 1);
}

TEST_CASE("dns64: the well-known prefix is not for private addresses", "[nat][rfc6052-3.1]") {
  Bench bench{Prefix64()};
  bench.answers(answer_to(bench.asked(aaaa_query()), dns_rcode::no_error, {}));
  bench.answers(answer_to(bench.to_resolver(), dns_rcode::no_error,
                          {a_record(example, "10.0.0.1"), a_record(example, "8.8.8.8")}));
  const auto answer = parse_dns(bench.to_client());
  REQUIRE(answer->answers.size() == 1);
  CHECK(IpAddress::from_bytes(answer->answers[0].data) == ip("64:ff9b::8.8.8.8"));
}

TEST_CASE("dns64: an address of the prefix has the name of the IPv4 address",
          "[nat][rfc6147-5.3.1]") {
  Bench bench;
  // 2001:db8:64::198.51.100.1
  std::string reverse;
  const auto bytes = ip("2001:db8:64::198.51.100.1").v6_bytes();
  for (std::size_t i = 16; i-- > 0;)
    for (const unsigned nibble : {bytes[i] & 15u, bytes[i] >> 4 & 15u})
      reverse += std::string("\1") + "0123456789abcdef"[nibble];
  const DnsName name = reverse + std::string("\3ip6\4arpa\0", 10);
  const ByteVector query = bench.asked(make_dns_query(77, {name, dns_type::ptr, dns_class_in}));
  const DnsName reverse4(
      "\1"
      "1"
      "\3"
      "100"
      "\2"
      "51"
      "\3"
      "198"
      "\7in-addr\4arpa\0",
      27);
  CHECK(parse_dns(query)->question.name == reverse4);
  bench.answers(answer_to(query, dns_rcode::no_error,
                          {record(reverse4, dns_type::ptr, 60, as_bytes(example))}));
  const auto answer = parse_dns(bench.to_client());
  REQUIRE(answer->answers.size() == 2);
  CHECK(answer->answers[0].name == name);
  CHECK(answer->answers[0].type == dns_type::cname);
  CHECK(as_text(answer->answers[1].data) == example);
}

TEST_CASE("dns64: all else passes as it is", "[nat][rfc6147-5.3.3]") {
  Bench bench;
  for (const DnsQuestion& question :
       {DnsQuestion{example, dns_type::a, dns_class_in}, DnsQuestion{example, 15, dns_class_in},
        DnsQuestion{example, dns_type::aaaa, 3}}) {
    const ByteVector query = bench.asked(make_dns_query(77, question));
    const ByteVector answer = answer_to(query, dns_rcode::no_error, {});
    bench.answers(answer);
    ByteVector wanted = answer;
    store_u16(wanted.data(), 77);
    CHECK(bench.to_client() == wanted);
  }
}

TEST_CASE("dns64: who validates for itself gets nothing synthetic", "[nat][rfc6147-5.5]") {
  Bench bench;
  ByteVector query = aaaa_query();
  query[3] |= 0x10;  // CD
  query[11] = 1;
  const ByteVector opt{0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0};
  query.insert(query.end(), opt.begin(), opt.end());
  bench.answers(answer_to(bench.asked(query), dns_rcode::no_error, {}));
  CHECK(parse_dns(bench.to_client())->answers.empty());
}

TEST_CASE("dns64: answers to nobody's query, and queries beyond the limit, are dropped",
          "[nat][rfc5452-9]") {
  Bench bench;
  const ByteVector query = bench.asked(aaaa_query());
  ByteVector forged = answer_to(query, dns_rcode::no_error, {});
  forged[1] ^= 1;
  bench.answers(forged);
  CHECK_FALSE(bench.dns64.poll_output());
  bench.answers(make_dns_response(
      *parse_dns(make_dns_query(load_u16(query.data()), {alias, dns_type::aaaa, dns_class_in})),
      dns_rcode::no_error, {}));
  CHECK_FALSE(bench.dns64.poll_output());
  bench.now += 6s;
  bench.answers(answer_to(query, dns_rcode::no_error, {}));
  CHECK_FALSE(bench.dns64.poll_output());
  CHECK(bench.dns64.counters().timed_out == 1);

  SeededRandom random(1);
  Dns64 small({Prefix64(), {}, 1}, random);
  small.handle_query(bench.now, client, aaaa_query());
  small.handle_query(bench.now, client, aaaa_query());
  CHECK(small.counters().dropped_limit == 1);
}

TEST_CASE("dns: a message cut short anywhere, or with a loop, is refused", "[nat][rfc1035-4.1.4]") {
  const auto query = *parse_dns(aaaa_query());
  const ByteVector whole = make_dns_response(
      query, 0,
      {record(alias, dns_type::cname, 60, as_bytes(example)), a_record(example, "1.2.3.4")});
  REQUIRE(parse_dns(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(parse_dns(Bytes(whole).first(size)));
  ByteVector loop = aaaa_query();
  loop[12] = 0xc0;
  loop[13] = 12;
  CHECK_FALSE(parse_dns(loop));
  ByteVector two = aaaa_query();
  two[5] = 2;
  CHECK_FALSE(parse_dns(two));

  // A name of an answer may point to that of the question.
  ByteVector compressed = make_dns_query(1, {example, dns_type::a, dns_class_in});
  compressed[7] = 1;
  const ByteVector answer{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4};
  compressed.insert(compressed.end(), answer.begin(), answer.end());
  const auto read = parse_dns(compressed);
  REQUIRE(read);
  CHECK(read->answers.at(0).name == example);
}
