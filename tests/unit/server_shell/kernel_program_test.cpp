#ifdef STILE_KERNEL_PROGRAM

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <catch2/catch.hpp>
#include <functional>
#include <numeric>

#include "server/fastpath/program.hpp"
#include "stile/base/random.hpp"
#include "stile/stun/attributes.hpp"
#include "stile/stun/message_builder.hpp"

using namespace stile;
using namespace stile::server;

namespace {

constexpr int redirected = 7;  // TC_ACT_REDIRECT
constexpr int left_alone = -1;
constexpr std::uint32_t loopback = 1;  // where trial runs come in
constexpr std::size_t ip_at = 14;

TransportAddress at(const char* text) {
  return *TransportAddress::parse(text);
}

void append_u16(ByteVector& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

void append(ByteVector& to, Bytes bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

std::uint16_t checksum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

/// RFC 768.
ByteVector udp(const TransportAddress& from, const TransportAddress& to, Bytes payload) {
  ByteVector header;
  append_u16(header, from.port);
  append_u16(header, to.port);
  append_u16(header, 8 + payload.size());
  ByteVector covered;
  append(covered, from.ip.wire_bytes());
  append(covered, to.ip.wire_bytes());
  append_u16(covered, 17);
  append_u16(covered, 8 + payload.size());
  append(covered, header);
  append_u16(covered, 0);
  append(covered, payload);
  const std::uint16_t sum = checksum(covered);
  append_u16(header, sum == 0 ? 0xffff : sum);
  append(header, payload);
  return header;
}

struct Fields {
  std::uint8_t traffic_class = 0xb9;
  std::uint8_t hop_limit = 55;
  std::uint16_t fragment = 0x4000;  ///< DF, as most hosts send it
};

void append_ipv4(ByteVector& frame, const TransportAddress& from, const TransportAddress& to,
                 std::size_t size, const Fields& fields) {
  ByteVector header{0x45, fields.traffic_class};
  append_u16(header, 20 + size);
  append_u16(header, 0);
  append_u16(header, fields.fragment);
  append(header, ByteVector{fields.hop_limit, 17, 0, 0});
  append(header, from.ip.wire_bytes());
  append(header, to.ip.wire_bytes());
  store_u16(header.data() + 10, checksum(header));
  append(frame, header);
}

void append_ipv6(ByteVector& frame, const TransportAddress& from, const TransportAddress& to,
                 std::size_t size, const Fields& fields) {
  append(frame, ByteVector{static_cast<std::uint8_t>(0x60 | fields.traffic_class >> 4),
                           static_cast<std::uint8_t>(fields.traffic_class << 4), 0, 0});
  append_u16(frame, size);
  append(frame, ByteVector{17, fields.hop_limit});
  append(frame, from.ip.wire_bytes());
  append(frame, to.ip.wire_bytes());
}

/// From nobody's MAC address to loopback's.
ByteVector frame(const TransportAddress& from, const TransportAddress& to, Bytes payload,
                 const Fields& fields = {}) {
  ByteVector whole(12);
  const ByteVector datagram = udp(from, to, payload);
  append_u16(whole, from.ip.is_v4() ? 0x0800 : 0x86dd);
  (from.ip.is_v4() ? append_ipv4 : append_ipv6)(whole, from, to, datagram.size(), fields);
  append(whole, datagram);
  return whole;
}

ByteVector channel_data(std::uint16_t number, Bytes data, std::size_t padding = 0) {
  ByteVector message;
  append_u16(message, number);
  append_u16(message, data.size());
  append(message, data);
  message.resize(message.size() + padding, 0xee);
  return message;
}

/// What is the kernel's to choose taken out, once it is known to be good: the identification of
/// IPv4, the flow label of IPv6.
ByteVector without_choices(ByteVector frame) {
  if (frame[ip_at] >> 4 == 4) {
    CHECK(checksum(Bytes(frame).subspan(ip_at, 20)) == 0);
    store_u16(&frame[ip_at + 4], 0);
    store_u16(&frame[ip_at + 10], 0);
  } else {
    frame[ip_at + 1] &= 0xf0;
    store_u16(&frame[ip_at + 2], 0);
  }
  return frame;
}

/// The program with a channel between a client and a peer of one family.
struct Trial {
  Trial(KernelProgram& loaded, bool v6) : program(loaded) {
    if (v6)
      flow = {at("[2001:db8::7]:40000"),
              at("[2001:db8::1]:3478"),
              at("[2001:db8::2]:50000"),
              at("[2001:db8:9::9]:7000"),
              {0x4001}};
    CHECK(program.put(entry_to_peer(flow, route, route, 1)));
    CHECK(program.put(entry_from_peer(flow, route, route, 1)));
    program.set({1, 49152, 65535});
  }

  /// What it says to a frame, which is in `out` afterwards.
  int run(const ByteVector& in) {
    out.assign(4096, 0);
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = in.data();
    options.data_size_in = static_cast<std::uint32_t>(in.size());
    options.data_out = out.data();
    options.data_size_out = static_cast<std::uint32_t>(out.size());
    REQUIRE(bpf_prog_test_run_opts(program.fd(), &options) == 0);
    out.resize(options.data_size_out);
    return static_cast<int>(options.retval);
  }
  void check_relayed(const ByteVector& in, const ByteVector& wanted) {
    CHECK(run(in) == redirected);
    CHECK(without_choices(out) == without_choices(wanted));
  }
  void check_left_alone(const ByteVector& in) {
    CHECK(run(in) == left_alone);
    CHECK(out == in);
  }
  ByteVector from_client(Bytes message, const Fields& fields = {}) const {
    return frame(flow.client, flow.server, message, fields);
  }
  ByteVector from_peer(Bytes data) const { return frame(flow.peer, flow.relayed, data); }

  KernelProgram& program;
  Route route{loopback, 1500, 64};
  Flow flow{at("198.51.100.7:40000"),
            at("192.0.2.1:3478"),
            at("192.0.2.2:50000"),
            at("203.0.113.9:7000"),
            {0x4001}};
  ByteVector out;
};

constexpr Fields as_sent{0xb9, 64, 0};  // RFC 8656 §14

/// Runs `test` with each family, where programs may be loaded.
template <class Test>
void with_program(const Test& test) {
  for (const bool v6 : {false, true}) {
    auto program = KernelProgram::load(100);
    if (!program) {
      WARN("not tried: " + program.error());
      return;
    }
    Trial trial(*program, v6);
    test(trial);
  }
}

constexpr int dropped = 2;  // TC_ACT_SHOT

/// The program with the listener of a Trial, which answers there.
struct Answering {
  explicit Answering(Trial& of, const answer_limit& limit = {}) : trial(of) {
    listener_entry entry{};
    entry.in_index = loopback;
    entry.generation = 1;
    entry.hop_limit = 64;
    CHECK(trial.program.put(listener_key_of(trial.flow.server), entry));
    trial.program.limit_answers(limit);
  }
  static ByteVector message(stun::Class kind, const std::function<void(stun::MessageBuilder&)>& add,
                            stun::Method method = stun::Method::binding) {
    ByteVector buffer(200);
    stun::MessageBuilder builder(buffer, kind, method, {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}});
    add(builder);
    const Bytes whole = builder.finish();
    return {whole.begin(), whole.end()};
  }
  ByteVector request(const std::function<void(stun::MessageBuilder&)>& add = [](auto&) {}) const {
    return message(stun::Class::request, add);
  }
  /// From a neighbour who has a MAC address.
  ByteVector from(const TransportAddress& client, Bytes message) const {
    ByteVector in = frame(client, trial.flow.server, message);
    in[6] = in[11] = 0x02;
    return in;
  }
  ByteVector answer_to(const TransportAddress& client) const {
    ByteVector out = frame(trial.flow.server, client,
                           message(stun::Class::success_response,
                                   [&](stun::MessageBuilder& builder) {
                                     builder.add(stun::XorMappedAddress{client});
                                   }),
                           {0, 64, 0});
    out[0] = out[5] = 0x02;
    return out;
  }
  listener_entry entry() const { return *trial.program.find(listener_key_of(trial.flow.server)); }

  Trial& trial;
};

}  // namespace

TEST_CASE("kernel answers: a Binding request is told where it came from, by its own way back",
          "[kernel][rfc8489-12]") {
  with_program([](Trial& trial) {
    const Answering answering(trial);
    for (const std::uint16_t port : {1, 255, 256, 0x2112, 40000, 65535}) {
      const TransportAddress client{trial.flow.client.ip, port};
      trial.check_relayed(answering.from(client, answering.request()), answering.answer_to(client));
    }
    CHECK(answering.entry().answered == 6);
    CHECK(answering.entry().limited == 0);
  });
}

TEST_CASE("kernel answers: what a card has put behind a request is not sent", "[kernel]") {
  with_program([](Trial& trial) {
    const Answering answering(trial);
    ByteVector in = answering.from(trial.flow.client, answering.request());
    for (std::size_t more = 0; more < 40; ++more, in.push_back(0xee))
      trial.check_relayed(in, answering.answer_to(trial.flow.client));
  });
}

TEST_CASE("kernel answers: what is not plain is the server's", "[kernel][rfc8489-6.3]") {
  with_program([](Trial& trial) {
    const Answering answering(trial);
    const TransportAddress& client = trial.flow.client;
    const auto none = [](auto&) {};
    const auto alone = [&](Bytes message) {
      trial.check_left_alone(answering.from(client, message));
    };
    alone(answering.request([](auto& builder) { builder.add(stun::Software{"x"}); }));
    alone(Answering::message(stun::Class::indication, none));
    alone(Answering::message(stun::Class::success_response, none));
    alone(Answering::message(stun::Class::request, none, stun::Method::allocate));
    ByteVector classic = answering.request();
    classic[4] ^= 1;
    alone(classic);
    ByteVector longer = answering.request();
    longer[3] = 4;
    alone(longer);
    longer.resize(24);
    alone(longer);
    longer[3] = 0;
    alone(longer);
    alone(Bytes(longer).first(19));
    trial.check_left_alone(answering.from({client.ip, 0}, answering.request()));
    TransportAddress other = trial.flow.server;
    ++other.port;
    trial.check_left_alone(frame(client, other, answering.request()));
    trial.check_left_alone(frame(client, {trial.flow.relayed.ip, 3478}, answering.request()));
  });
}

TEST_CASE("kernel answers: another generation or interface than the listener's is the server's",
          "[kernel]") {
  with_program([](Trial& trial) {
    const Answering answering(trial);
    const ByteVector in = answering.from(trial.flow.client, answering.request());
    CHECK(trial.run(in) == redirected);
    for (const std::uint32_t generation : {0, 2}) {
      trial.program.set({generation, 49152, 65535});
      trial.check_left_alone(in);
    }
    trial.program.set({1, 49152, 65535});
    listener_entry elsewhere = answering.entry();
    ++elsewhere.in_index;
    trial.program.put(listener_key_of(trial.flow.server), elsewhere);
    trial.check_left_alone(in);
  });
}

TEST_CASE("kernel answers: a network is answered so often, others beside it",
          "[kernel][rfc8489-16.1]") {
  with_program([](Trial& trial) {
    constexpr std::uint64_t hour = 3'600'000'000'000;
    const Answering answering(trial, {hour, 3 * hour, 0x5eed});
    const auto ask = [&](const TransportAddress& client) {
      return trial.run(answering.from(client, answering.request()));
    };
    TransportAddress neighbour = trial.flow.client;
    for (int i = 0; i < 3; ++i, ++neighbour.port) CHECK(ask(neighbour) == redirected);
    CHECK(ask(neighbour) == dropped);
    const bool v4 = neighbour.ip.is_v4();
    CHECK(ask(at(v4 ? "198.51.100.200:7" : "[2001:db8:0:ff::1]:7")) == dropped);
    CHECK(ask(at(v4 ? "198.51.101.7:7" : "[2001:db8:0:100::1]:7")) == redirected);
    CHECK(answering.entry().answered == 4);
    CHECK(answering.entry().limited == 2);
  });
}

TEST_CASE("kernel relay: data goes through as it is, both ways, with good checksums",
          "[kernel][rfc8656-12][rfc8656-14]") {
  with_program([](Trial& trial) {
    SeededRandom random(1);
    const Flow& flow = trial.flow;
    std::uint64_t bytes = 0;
    std::vector<std::size_t> sizes(64);
    std::iota(sizes.begin(), sizes.end(), 0);
    for (const std::size_t size : {200, 999, 1172, 1200}) sizes.push_back(size);
    for (const std::size_t size : sizes) {
      ByteVector data(size);
      random.fill(data);
      for (std::size_t padding = 0; padding < 4; ++padding)
        trial.check_relayed(trial.from_client(channel_data(0x4001, data, padding)),
                            frame(flow.relayed, flow.peer, data, as_sent));
      trial.check_relayed(trial.from_peer(data),
                          frame(flow.server, flow.client, channel_data(0x4001, data), as_sent));
      bytes += size;
    }
    const auto to_peer = trial.program.take(key_to_peer(flow));
    const auto from_peer = trial.program.take(key_from_peer(flow));
    CHECK(to_peer->packets == 4 * sizes.size());
    CHECK(to_peer->bytes == 4 * bytes);
    CHECK(from_peer->bytes == bytes);
    CHECK_FALSE(trial.program.find(key_to_peer(flow)));
    trial.check_left_alone(trial.from_peer(ByteVector(10)));
  });
}

TEST_CASE("kernel relay: a wrong checksum stays wrong", "[kernel]") {
  with_program([](Trial& trial) {
    const ByteVector data(100, 0x5a);
    ByteVector in = trial.from_client(channel_data(0x4001, data));
    in.back() ^= 0x01;
    CHECK(trial.run(in) == redirected);
    ByteVector wanted = frame(trial.flow.relayed, trial.flow.peer, data, as_sent);
    wanted.back() ^= 0x01;
    CHECK(without_choices(trial.out) == without_choices(wanted));
  });
}

TEST_CASE("kernel relay: what is not plain is the server's", "[kernel][rfc8656-12.4]") {
  with_program([](Trial& trial) {
    const ByteVector data(100, 0x5a);
    const ByteVector good = trial.from_client(channel_data(0x4001, data));
    CHECK(trial.run(good) == redirected);
    trial.check_left_alone(trial.from_client(channel_data(0x4002, data)));
    trial.check_left_alone(trial.from_client(channel_data(0x4001, data, 4)));
    trial.check_left_alone(trial.from_client(ByteVector{0x40, 0x01, 0, 1}));
    trial.check_left_alone(trial.from_client(ByteVector{0x40, 0x01, 0}));
    trial.check_left_alone(trial.from_client(ByteVector(20)));
    trial.check_left_alone(trial.from_client({}));
    const std::size_t whole = trial.flow.client.ip.is_v4() ? 1469 : 1229;
    trial.check_left_alone(trial.from_peer(ByteVector(whole)));
    CHECK(trial.run(trial.from_peer(ByteVector(whole - 1))) == redirected);
    const std::size_t udp_at = ip_at + (trial.flow.client.ip.is_v4() ? 20 : 40);
    for (std::size_t size = udp_at; size < good.size(); ++size)  // trial runs take no less
      trial.check_left_alone({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)});
    ByteVector no_checksum = good;
    store_u16(&no_checksum[udp_at + 6], 0);
    trial.check_left_alone(no_checksum);
  });
}

TEST_CASE("kernel relay: fragments and options are the server's", "[kernel]") {
  with_program([](Trial& trial) {
    if (trial.flow.client.ip.is_v6()) return;
    const ByteVector message = channel_data(0x4001, ByteVector(100));
    for (const std::uint16_t fragment : {0x2000, 0x0001, 0x6000})
      trial.check_left_alone(trial.from_client(message, {0, 55, fragment}));
    ByteVector with_options = trial.from_client(message);
    with_options[ip_at] = 0x46;
    trial.check_left_alone(with_options);
  });
}

TEST_CASE("kernel relay: what a card has put behind a datagram is not sent", "[kernel]") {
  with_program([](Trial& trial) {
    ByteVector in = trial.from_client(channel_data(0x4001, ByteVector{7}));
    in.resize(in.size() + 9);
    trial.check_relayed(in, frame(trial.flow.relayed, trial.flow.peer, ByteVector{7}, as_sent));
  });
}

TEST_CASE("kernel relay: another generation, interface or channel than the flow's is the server's",
          "[kernel]") {
  with_program([](Trial& trial) {
    const ByteVector in = trial.from_client(channel_data(0x4001, ByteVector(100)));
    trial.program.set({2, 49152, 65535});
    trial.check_left_alone(in);
    trial.program.set({0, 49152, 65535});
    trial.check_left_alone(in);
    trial.program.set({1, 49152, 65535});
    CHECK(trial.run(in) == redirected);
    const Route elsewhere{loopback + 1, 1500, 64};
    trial.program.put(entry_to_peer(trial.flow, elsewhere, trial.route, 1));
    trial.check_left_alone(in);
  });
}

#endif
