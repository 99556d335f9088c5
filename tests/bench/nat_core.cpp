// What the NAT core costs with a million flows, without a shell: processor time of this thread
// alone, which other programs on the machine lengthen less than they do the time of day. One JSON
// object a line; tests/bench/nat.sh runs it.

#include <malloc.h>
#include <unistd.h>

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
#include "stile/base/buffered_random.hpp"

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
/// Room for as many flows as there are ports, nearly.
constexpr std::size_t table_size = 1'300'000;
constexpr Instant start{std::chrono::hours(1)};

const TransportAddress remote{IpAddress::v4(198, 51, 100, 1), 3478};

/// As much of a packet as differs from flow to flow.
using Header = std::array<std::uint8_t, header_bytes>;

struct Setup {
  bool has_reserved_tables = false;  ///< they have their memory from the start
  bool has_sessions = true;          ///< of UDP
};

void report(const char* figure, double value, Setup setup = {}) {
  std::printf(R"({"figure":"%s%s%s","value":%.1f})"
              "\n",
              figure, setup.has_reserved_tables ? "_reserved" : "",
              setup.has_sessions ? "" : "_mapping_alone", value);
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

/// What is in memory for this process: tables of their own pages are not in malloc's books, and
/// pages that nothing has touched are in none.
std::size_t resident_bytes() {
  malloc_trim(0);
  std::size_t size = 0;
  std::size_t resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (!file || std::fscanf(file, "%zu %zu", &size, &resident) != 2) fail("no /proc/self/statm");
  std::fclose(file);
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

Config config_for_a_million(Setup setup) {
  Config config;
  for (std::uint32_t i = 0; i < address_count; ++i)
    config.external.push_back(IpAddress::v4(0xcb007100u + i));
  config.inside_address = IpAddress::v4(10, 0, 0, 1);
  config.max_mappings = config.max_sessions = table_size;
  config.reserves_tables = setup.has_reserved_tables;
  config.udp_sessions = setup.has_sessions;
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

/// As many packets as a link hands over at once.
constexpr std::size_t batch_size = 64;

/// A NAT and the buffers that packets come in.
class Translation {
 public:
  explicit Translation(const Config& config) : nat(config, random_) {
    for (std::size_t i = 0; i < batch_size; ++i) packets_[i] = buffers_[i];
  }

  MutableBytes send(Side from, const Header& header) {
    std::memcpy(buffers_[0].data(), header.data(), header.size());
    return nat.handle_packet(now, from, buffers_[0]).packet;
  }
  /// As the shell does it, with the events of each packet; says how many went through.
  std::size_t send_batch(Side from, std::span<const Header> headers) {
    for (std::size_t i = 0; i < headers.size(); ++i)
      std::memcpy(buffers_[i].data(), headers[i].data(), header_bytes);
    nat.prefetch(from, std::span(packets_).first(headers.size()));
    std::size_t passed = 0;
    for (std::size_t i = 0; i < headers.size(); ++i) {
      passed += nat.handle_packet(now, from, buffers_[i]).packet.empty() ? 0 : 1;
      drain();
    }
    return passed;
  }
  /// New flows.
  void open(std::span<const Header> headers) {
    for (std::size_t i = 0; i < headers.size(); i += batch_size) {
      const auto batch = headers.subspan(i, std::min(batch_size, headers.size() - i));
      if (send_batch(Side::inside, batch) != batch.size()) fail("a new flow was refused");
    }
  }
  void drain() {
    while (nat.poll_event()) ++events;
  }

 private:
  SystemRandom system_;
  BufferedRandom random_{system_};
  std::array<std::array<std::uint8_t, packet_bytes>, batch_size> buffers_{};
  std::array<Bytes, batch_size> packets_;

 public:
  Nat nat;
  Instant now = start;
  std::size_t events = 0;
};

/// What the copying of headers into the buffers takes is not the NAT's.
double copying_nanoseconds(std::span<const Header> headers) {
  std::array<std::array<std::uint8_t, packet_bytes>, batch_size> buffers{};
  volatile std::uint8_t seen = 0;
  return nanoseconds_of([&] {
    for (std::size_t i = 0; i < headers.size(); ++i) {
      auto& buffer = buffers[i % batch_size];
      std::memcpy(buffer.data(), headers[i].data(), header_bytes);
      seen = buffer[static_cast<std::size_t>(seen) % header_bytes];
    }
  });
}

/// One after the other, then in batches.
void measure_known_flows(Translation& translation, Side from, std::span<const Header> headers,
                         const char* alone, const char* in_batches, Setup setup) {
  const double copying = copying_nanoseconds(headers);
  const auto count = static_cast<double>(headers.size());
  std::size_t passed = 0;
  const double each = nanoseconds_of([&] {
    for (const Header& header : headers) passed += translation.send(from, header).empty() ? 0 : 1;
  });
  report(alone, (each - copying) / count, setup);
  const double batches = nanoseconds_of([&] {
    for (std::size_t i = 0; i < headers.size(); i += batch_size)
      passed += translation.send_batch(
          from, headers.subspan(i, std::min(batch_size, headers.size() - i)));
  });
  report(in_batches, (batches - copying) / count, setup);
  if (passed != 2 * headers.size()) fail("a packet of a known flow was dropped");
}

std::vector<Header> inbound_headers(Translation& translation) {
  std::vector<Header> headers;
  headers.reserve(flow_count);
  translation.nat.for_each_session(translation.now, [&](const SessionInfo& session) {
    headers.push_back(udp_header(remote, session.external));
  });
  return headers;
}

void measure_new_flows(Translation& translation, std::span<const Header> headers, Setup setup) {
  const double took = nanoseconds_of([&] { translation.open(headers); });
  report("new_per_second", static_cast<double>(headers.size()) * 1e9 / took, setup);
}

void measure_reserved_tables(Setup setup) {
  setup.has_reserved_tables = true;
  const std::vector<Header> headers = outbound_headers(flow_count, udp_header);
  Translation translation(config_for_a_million(setup));
  measure_new_flows(translation, headers, setup);
}

void measure_translation(Setup setup) {
  std::vector<Header> headers = outbound_headers(flow_count, udp_header);
  const std::size_t before = resident_bytes();
  Translation translation(config_for_a_million(setup));
  measure_new_flows(translation, headers, setup);
  report("bytes_udp", static_cast<double>(resident_bytes() - before) / flow_count, setup);
  std::vector<Header> answers = inbound_headers(translation);
  std::mt19937 order(1);
  std::ranges::shuffle(headers, order);
  std::ranges::shuffle(answers, order);
  measure_known_flows(translation, Side::inside, headers, "outbound_alone_ns", "outbound_ns",
                      setup);
  measure_known_flows(translation, Side::outside, answers, "inbound_alone_ns", "inbound_ns", setup);
}

void measure_memory(const char* figure, const Config& config, const auto& make) {
  const std::vector<Header> headers = outbound_headers(flow_count, make);
  const std::size_t before = resident_bytes();
  Translation translation(config);
  translation.open(headers);
  report(figure, static_cast<double>(resident_bytes() - before) / flow_count);
}

/// From 98.5 % to 99.5 % of all ports.
void measure_scarce_ports(Setup setup) {
  constexpr std::size_t ports = std::size_t{address_count} * ports_of_an_address;
  constexpr std::size_t first = ports * 985 / 1000;
  constexpr std::size_t last = ports * 995 / 1000;
  const std::vector<Header> headers = outbound_headers(last, udp_header);
  Translation translation(config_for_a_million(setup));
  translation.open(std::span(headers).first(first));
  const auto scarce = std::span(headers).subspan(first);
  const double took = nanoseconds_of([&] { translation.open(scarce); });
  report("new_per_second_scarce", static_cast<double>(scarce.size()) * 1e9 / took, setup);
}

/// The longest of so many calls, in microseconds.
class Pauses {
 public:
  void measure(const auto& call) {
    const double took = nanoseconds_of(call);
    longest_ = std::max(longest_, took);
    sum_ += took;
  }
  double longest_us() const { return longest_ / 1000; }
  double sum() const { return sum_; }

 private:
  double longest_ = 0;
  double sum_ = 0;
};

/// All flows one by one, then all over at one instant, the ports that are held afterwards, too.
void measure_pauses(Setup setup) {
  Translation translation(config_for_a_million(setup));
  Pauses making;
  for (const Header& header : outbound_headers(flow_count, udp_header)) {
    making.measure([&] { translation.send(Side::inside, header); });
    translation.drain();
  }
  report("making_pause_us", making.longest_us(), setup);
  Pauses expiry;
  translation.now += std::chrono::hours(1);
  while (translation.nat.poll_timeout() <= translation.now) {
    expiry.measure([&] { translation.nat.handle_timeout(translation.now); });
    translation.drain();
  }
  if (translation.nat.mapping_count() != 0) fail("mappings have not ended");
  report("expiry_pause_us", expiry.longest_us(), setup);
  report("expiry_ns", expiry.sum() / flow_count, setup);
}

/// What the machine does just now, which is shared with others: one read after the other from
/// memory that no cache has, at places that only the read before tells.
void measure_memory_reads() {
  constexpr std::size_t lines = 4u << 20;
  constexpr std::size_t reads = 1'000'000;
  struct alignas(64) Line {
    std::size_t next = 0;
  };
  const ZeroedMemory memory(lines * sizeof(Line));
  const std::span table(reinterpret_cast<Line*>(memory.data()), lines);
  // A permutation of one cycle (Sattolo's), so that no line comes again soon.
  for (std::size_t i = 0; i < lines; ++i) table[i].next = i;
  std::mt19937_64 random(1);
  for (std::size_t i = lines - 1; i > 0; --i) std::swap(table[i].next, table[random() % i].next);
  volatile std::size_t at = 0;
  const double took = nanoseconds_of([&] {
    std::size_t place = at;
    for (std::size_t i = 0; i < reads; ++i) place = table[place].next;
    at = place;
  });
  report("memory_read_ns", took / reads);
}

/// With their generations; the queue of deadlines and the entries in hash tables come on top.
void measure_records() {
  constexpr std::size_t generation = sizeof(std::uint32_t);
  report("record_bytes", sizeof(Mapping) + sizeof(Session) + sizeof(SessionLinks) + 2 * generation);
  report("record_bytes", sizeof(Mapping) + generation, {.has_sessions = false});
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 1;
  for (int round = 0; round < rounds; ++round) {
    measure_memory_reads();
    for (const bool has_sessions : {true, false}) {
      measure_translation({.has_sessions = has_sessions});
      measure_reserved_tables({.has_sessions = has_sessions});
      for (const bool has_reserved_tables : {false, true}) {
        const Setup setup{has_reserved_tables, has_sessions};
        measure_scarce_ports(setup);
        measure_pauses(setup);
      }
    }
  }
  Config filtering = config_for_a_million({});
  filtering.filtering = Behavior::address_and_port_dependent;
  measure_memory("bytes_filtering", filtering, udp_header);
  measure_memory("bytes_tcp", config_for_a_million({}), syn_header);
  measure_records();
}
