#include <cstdlib>
#include <new>

#include "tests/unit/nat/bench.hpp"

namespace {
std::size_t heap_allocations = 0;
}

void* operator new(std::size_t size) {
  ++heap_allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++heap_allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace stile::nat::test {

namespace {

/// Heap allocations of one packet, which must pass.
std::size_t allocations_of(Bench& bench, Side from, ByteVector packet) {
  const std::size_t before = heap_allocations;
  const Bytes expected(packet);
  bench.nat.prefetch(from, {&expected, 1});
  const Verdict verdict = bench.nat.handle_packet(bench.now, from, packet);
  const std::size_t counted = heap_allocations - before;
  CHECK(verdict.action != Action::drop);
  return counted;
}

}  // namespace

TEST_CASE("nat: a packet of a known flow takes nothing from the heap", "[nat]") {
  Config config = default_config();
  config.filtering = GENERATE(Behavior::endpoint_independent, Behavior::address_and_port_dependent);
  Bench bench(config);
  const TransportAddress inside{inside_1, 4000};
  const TransportAddress remote{outside_1, 80};
  const ByteVector payload = payload_of(172);
  const TransportAddress udp = bench.seen(inside, remote);
  const TransportAddress tcp = bench.connect(inside, remote);
  CHECK(allocations_of(bench, Side::inside, make_udp(inside, remote, payload)) == 0);
  CHECK(allocations_of(bench, Side::outside, make_udp(remote, udp, payload)) == 0);
  CHECK(allocations_of(bench, Side::inside, make_tcp(inside, remote, tcp_flag::ack, payload)) == 0);
  CHECK(allocations_of(bench, Side::outside, make_tcp(remote, tcp, tcp_flag::ack, payload)) == 0);
}

}  // namespace stile::nat::test
