// What the NAT core costs with a million flows, without a shell: processor time of this thread
// alone, which other programs on the machine lengthen less than they do the time of day. One JSON
// object a line; tests/bench/nat.sh runs it.

#include <malloc.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <span>
#include <vector>

#include "nat/core/bindings.hpp"
#include "nat/core/nat.hpp"
#include "nat/packet/builder.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"
#include "stile/base/random.hpp"

namespace {

using namespace stile;
using namespace stile::nat;

constexpr std::size_t flow_count = 1'000'000;
constexpr std::size_t flows_per_host = 50;
constexpr std::uint32_t address_count = 20;
constexpr std::uint32_t ports_of_an_address = 65536 - 1024;
constexpr std::size_t payload_bytes = 172;  // 200 with the headers
constexpr std::size_t header_bytes = 40;    // of IPv4 and TCP; of IPv4, UDP and some payload
constexpr std::size_t packet_bytes = 200;
constexpr Instant start{std::chrono::hours(1)};

const TransportAddress remote{IpAddress::v4(198, 51, 100, 1), 3478};

/// As much of a packet as differs from flow to flow.
using Header = std::array<std::uint8_t, header_bytes>;

void report(const char* figure, double value) {
  std::printf(R"({"figure":"%s","value":%.1f})"
              "\n",
              figure, value);
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "nat_core: %s\n", what);
  std::exit(1);
}

double cpu_nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double nanoseconds_of(const auto& work) {
  const double before = cpu_nanoseconds();
  work();
  return cpu_nanoseconds() - before;
}

/// All that malloc has given out, its large blocks included.
std::size_t allocated_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

Config config_for_a_million() {
  Config config;
  for (std::uint32_t i = 0; i < address_count; ++i)
    config.external.push_back(IpAddress::v4(0xcb007100u + i));
  config.inside_address = IpAddress::v4(10, 0, 0, 1);
  config.max_mappings = config.max_sessions = 2 * flow_count;
  return config;
}

/// Hosts with 50 flows each, from ports that are drawn without looking at what others have.
TransportAddress inside_of(std::size_t flow) {
  const auto host = static_cast<std::uint32_t>(flow / flows_per_host);
  const auto port =
      static_cast<std::uint16_t>(1024 + (flow * 40'503 + host * 7'919) % ports_of_an_address);
  return {IpAddress::v4(0x0a000100u + host), port};
}

Header header_of(Bytes packet) {
  Header header;
  std::memcpy(header.data(), packet.data(), header.size());
  return header;
}
Header udp_header(const TransportAddress& from, const TransportAddress& to) {
  static const ByteVector payload(payload_bytes);
  return header_of(make_udp(from, to, payload));
}
Header syn_header(const TransportAddress& from, const TransportAddress& to) {
  static const ByteVector payload(packet_bytes - header_bytes);
  return header_of(make_tcp(from, to, tcp_flag::syn, payload));
}

std::vector<Header> outbound_headers(std::size_t count, const auto& make) {
  std::vector<Header> headers;
  headers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) headers.push_back(make(inside_of(i), remote));
  return headers;
}

/// A NAT and the one buffer that packets come in.
class Translation {
 public:
  explicit Translation(const Config& config) : random_(1), nat(config, random_) {}

  MutableBytes send(Side from, const Header& header) {
    std::memcpy(buffer_.data(), header.data(), header.size());
    return nat.handle_packet(now, from, buffer_).packet;
  }
  /// New flows; their events are taken as a shell takes them.
  void open(std::span<const Header> headers) {
    for (const Header& header : headers) {
      if (send(Side::inside, header).empty()) fail("a new flow was refused");
      drain();
    }
  }
  void drain() {
    while (nat.poll_event()) ++events;
  }

 private:
  SeededRandom random_;
  std::array<std::uint8_t, packet_bytes> buffer_{};

 public:
  Nat nat;
  Instant now = start;
  std::size_t events = 0;
};

/// What the copying of headers into the buffer takes is not the NAT's.
double copying_nanoseconds(std::span<const Header> headers) {
  std::array<std::uint8_t, packet_bytes> buffer{};
  volatile std::uint8_t seen = 0;
  return nanoseconds_of([&] {
    for (const Header& header : headers) {
      std::memcpy(buffer.data(), header.data(), header.size());
      seen = buffer[static_cast<std::size_t>(seen) % header_bytes];
    }
  });
}

void measure_known_flows(Translation& translation, Side from, std::span<const Header> headers,
                         const char* figure) {
  std::size_t passed = 0;
  const double all = nanoseconds_of([&] {
    for (const Header& header : headers) passed += translation.send(from, header).empty() ? 0 : 1;
  });
  if (passed != headers.size()) fail("a packet of a known flow was dropped");
  report(figure, (all - copying_nanoseconds(headers)) / static_cast<double>(headers.size()));
}

std::vector<Header> inbound_headers(Translation& translation) {
  std::vector<Header> headers;
  headers.reserve(flow_count);
  translation.nat.for_each_session(translation.now, [&](const SessionInfo& session) {
    headers.push_back(udp_header(remote, session.external));
  });
  return headers;
}

void measure_translation() {
  std::vector<Header> headers = outbound_headers(flow_count, udp_header);
  const std::size_t before = allocated_bytes();
  Translation translation(config_for_a_million());
  report("new_per_second", flow_count * 1e9 / nanoseconds_of([&] { translation.open(headers); }));
  report("bytes_udp", static_cast<double>(allocated_bytes() - before) / flow_count);
  std::vector<Header> answers = inbound_headers(translation);
  std::mt19937 order(1);
  std::ranges::shuffle(headers, order);
  std::ranges::shuffle(answers, order);
  measure_known_flows(translation, Side::inside, headers, "outbound_ns");
  measure_known_flows(translation, Side::outside, answers, "inbound_ns");
}

void measure_memory(const char* figure, const Config& config, const auto& make) {
  const std::vector<Header> headers = outbound_headers(flow_count, make);
  const std::size_t before = allocated_bytes();
  Translation translation(config);
  translation.open(headers);
  report(figure, static_cast<double>(allocated_bytes() - before) / flow_count);
}

/// From 98.5 % to 99.5 % of all ports.
void measure_scarce_ports() {
  constexpr std::size_t ports = std::size_t{address_count} * ports_of_an_address;
  constexpr std::size_t first = ports * 985 / 1000;
  constexpr std::size_t last = ports * 995 / 1000;
  const std::vector<Header> headers = outbound_headers(last, udp_header);
  Translation translation(config_for_a_million());
  translation.open(std::span(headers).first(first));
  const auto scarce = std::span(headers).subspan(first);
  report("new_per_second_scarce", static_cast<double>(scarce.size()) * 1e9 /
                                      nanoseconds_of([&] { translation.open(scarce); }));
}

/// All at one instant, the ports that are held afterwards, too.
void measure_expiry() {
  Translation translation(config_for_a_million());
  translation.open(outbound_headers(flow_count, udp_header));
  double longest = 0;
  double sum = 0;
  translation.now += std::chrono::hours(1);
  while (translation.nat.poll_timeout() <= translation.now) {
    const double took = nanoseconds_of([&] { translation.nat.handle_timeout(translation.now); });
    longest = std::max(longest, took);
    sum += took;
    translation.drain();
  }
  if (translation.nat.mapping_count() != 0) fail("mappings have not ended");
  report("expiry_pause_us", longest / 1000);
  report("expiry_ns", sum / flow_count);
}

void measure_records() {
  const auto in_slot = [](std::size_t size) {
    return static_cast<double>(size + 2 * sizeof(std::uint64_t));
  };
  report("record_bytes", in_slot(sizeof(Mapping)) + in_slot(sizeof(Session)));
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 1;
  for (int round = 0; round < rounds; ++round) {
    measure_translation();
    measure_scarce_ports();
    measure_expiry();
  }
  Config filtering = config_for_a_million();
  filtering.filtering = Behavior::address_and_port_dependent;
  measure_memory("bytes_filtering", filtering, udp_header);
  measure_memory("bytes_tcp", config_for_a_million(), syn_header);
  measure_records();
}
