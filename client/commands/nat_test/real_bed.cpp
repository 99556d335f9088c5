#include "client/commands/nat_test/real_bed.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <sstream>

#include "client/commands/run.hpp"

namespace stile::nat_test {

namespace {

using namespace std::chrono_literals;

// Limit: packets that wait for a test; the oldest go.
constexpr std::size_t most_waiting = 4096;

std::vector<IpAddress> or_local(std::vector<IpAddress> inside, const LineStream& stream) {
  if (inside.empty()) inside.push_back(stream.local().ip);
  return inside;
}

}  // namespace

RealBed::RealBed(const TransportAddress& agent, const std::string& token,
                 std::optional<std::uint16_t> outside_mtu, std::vector<IpAddress> inside)
    : stream_(LineStream::connect(agent)),
      hosts_{or_local(std::move(inside), stream_), {}},
      host_(hosts_.inside, agent.port),
      guard_(hosts_.inside),
      outside_mtu_(outside_mtu),
      patience_(200ms) {
  const Instant asked = now();
  stream_.write("hello " + token);
  std::istringstream answer(await_line());
  std::string word;
  answer >> word;
  while (answer >> word)
    if (const auto address = IpAddress::parse(word)) hosts_.outside.push_back(*address);
  if (hosts_.outside.size() != 2) throw CommandError("the agent has not two addresses");
  patience_ += 2 * (now() - asked);
}

Instant RealBed::now() const {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

void RealBed::send(nat::Side from, ByteVector packet) {
  if (from == nat::Side::inside) return host_.send(packet);
  if (!stream_.write("send " + to_hex(packet)))
    throw CommandError("the connection with the agent has ended");
}

std::optional<ByteVector> RealBed::receive(nat::Side at, Instant until) {
  do pass_until(arrived(at).empty() ? until : now());
  while (arrived(at).empty() && now() < until);
  if (arrived(at).empty()) return std::nullopt;
  ByteVector packet = std::move(arrived(at).front());
  arrived(at).pop_front();
  return packet;
}

void RealBed::wait_until(Instant until) {
  while (now() < until) pass_until(until);
}

/// Takes what arrives, on either side, once.
void RealBed::pass_until(Instant until) {
  std::array<pollfd, 2> ready{{{stream_.fd(), POLLIN, 0}, {host_.fd(), POLLIN, 0}}};
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(std::clamp<Duration>(until - now(), 0s, 60s));
  ::poll(ready.data(), ready.size(), static_cast<int>(left.count()));
  if (ready[0].revents != 0 && !stream_.fill())
    throw CommandError("the connection with the agent has ended");
  while (const auto line = stream_.next()) handle(*line);
  while (auto packet = host_.receive()) arrived(nat::Side::inside).push_back(std::move(*packet));
  for (std::deque<ByteVector>& packets : arrived_)
    while (packets.size() > most_waiting) packets.pop_front();
}

void RealBed::handle(const std::string& line) {
  if (line.starts_with("error ")) throw CommandError("the agent refuses: " + line.substr(6));
  if (!line.starts_with("packet ")) return;
  if (auto packet = from_hex(std::string_view(line).substr(7)))
    arrived(nat::Side::outside).push_back(std::move(*packet));
}

std::string RealBed::await_line() {
  const Instant deadline = now() + 10s;
  while (now() < deadline) {
    pollfd ready{stream_.fd(), POLLIN, 0};
    ::poll(&ready, 1, 100);
    const bool is_open = ready.revents == 0 || stream_.fill();
    if (auto line = stream_.next()) {
      handle(*line);
      return *line;
    }
    if (!is_open) break;
  }
  throw CommandError("the agent does not answer");
}

}  // namespace stile::nat_test
