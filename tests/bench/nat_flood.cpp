// Sends UDP datagrams of many flows as fast as it can for some seconds: the load of
// tests/bench/nat.sh. usage: bench_nat_flood ADDRESS PORT FLOWS BYTES SECONDS, BYTES with the
// headers of IPv4 and UDP.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr std::size_t headers = 28;
constexpr unsigned datagrams_per_call = 32;

int socket_to(const char* address, const char* port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
      connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    std::perror("bench_nat_flood");
    std::exit(1);
  }
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: bench_nat_flood ADDRESS PORT FLOWS BYTES SECONDS\n", stderr);
    return 2;
  }
  std::vector<int> flows(static_cast<std::size_t>(std::atoi(argv[3])));
  for (int& flow : flows) flow = socket_to(argv[1], argv[2]);
  std::vector<char> payload(static_cast<std::size_t>(std::atoi(argv[4])) - headers);
  iovec data{payload.data(), payload.size()};
  std::array<mmsghdr, datagrams_per_call> calls{};
  for (mmsghdr& call : calls) call.msg_hdr = {nullptr, 0, &data, 1, nullptr, 0, 0};
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(std::atof(argv[5]));
  std::uint64_t sent = 0;
  while (std::chrono::steady_clock::now() < end) {
    for (const int flow : flows) {
      const int count = sendmmsg(flow, calls.data(), calls.size(), 0);
      sent += count > 0 ? static_cast<std::uint64_t>(count) : 0;
    }
  }
  std::printf("%llu\n", static_cast<unsigned long long>(sent));
}
