// What ten thousand sessions at one UDP port cost while they do nothing but keep consent (RFC
// 7675): processor time of the thread that they are on, over real sockets on the loopback
// interface. Their peers, each with a socket of its own, are on another thread. One JSON object a
// line.

#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "stile/asio/clock.hpp"
#include "stile/asio/endpoint.hpp"
#include "stile/asio/session.hpp"

namespace {

using namespace stile;
using boost::asio::ip::udp;

const IpAddress loopback = IpAddress::v4(127, 0, 0, 1);

ice::Config config_of(ice::Role role) {
  // What RFC 8445 §14.2 has a process wait between checks would make connecting take a minute.
  static const auto pacing = std::make_shared<ice::SharedPacing>(std::chrono::microseconds(1));
  return {.role = role, .ipv6 = false, .shared_pacing = pacing};
}

/// An agent with a socket and a timer, and no more.
class Peer {
 public:
  explicit Peer(boost::asio::io_context& context)
      : agent_(config_of(ice::Role::controlled), random_),
        socket_(context, udp::endpoint(to_asio(TransportAddress{loopback, 0}))),
        timer_(context) {
    socket_.non_blocking(true);
  }

  ice::Agent& agent() { return agent_; }

  void begin(const ice::Parameters& remote, const ice::Candidate& candidate) {
    const IpAddress addresses[] = {loopback};
    agent_.gather(instant_now(), addresses);
    agent_.set_remote_parameters(instant_now(), remote);
    agent_.add_remote_candidate(instant_now(), candidate);
    drain();
    await_datagram();
  }
  TransportAddress address() const { return from_asio(socket_.local_endpoint()); }

 private:
  void drain() {
    while (const auto command = agent_.poll_command()) {
      if (const auto* open = std::get_if<ice::OpenSocket>(&*command)) {
        id_ = open->id;
        agent_.handle_socket_opened(instant_now(), id_, address());
      } else if (const auto* send = std::get_if<ice::SendDatagram>(&*command)) {
        boost::system::error_code ignored;
        socket_.send_to(boost::asio::buffer(send->bytes), to_asio(send->to), 0, ignored);
      }
    }
    while (agent_.poll_event()) {
    }
    if (agent_.poll_timeout() == never) return;
    timer_.expires_at(steady_time(agent_.poll_timeout()));
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      agent_.handle_timeout(instant_now());
      drain();
    });
  }

  void await_datagram() {
    socket_.async_wait(udp::socket::wait_read, [this](boost::system::error_code error) {
      if (error) return;
      std::uint8_t buffer[2048];
      udp::endpoint from;
      while (const std::size_t size =
                 socket_.receive_from(boost::asio::buffer(buffer), from, 0, error)) {
        if (error) break;
        agent_.handle_datagram(instant_now(), id_, from_asio(from), MutableBytes(buffer, size));
      }
      drain();
      await_datagram();
    });
  }

  SystemRandom random_;
  ice::Agent agent_;
  udp::socket socket_;
  boost::asio::steady_timer timer_;
  ice::SocketId id_;
};

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

ice::Candidate host_candidate(const TransportAddress& address) {
  ice::Candidate candidate;
  candidate.foundation = "1";
  candidate.component = 1;
  candidate.priority = 2130706431;
  candidate.address = address;
  return candidate;
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t sessions = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 10'000;
  const int seconds = count > 2 ? std::atoi(arguments[2]) : 20;

  boost::asio::io_context context(1);
  boost::asio::io_context context_of_peers(1);
  ice::SharedPort port(context.get_executor());
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<std::unique_ptr<ice::Session>> all;
  const auto before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < sessions; ++i) {
    all.push_back(std::make_unique<ice::Session>(port, config_of(ice::Role::controlling)));
    all.back()->gather({.loopback = true});
  }
  const auto bytes = (mallinfo2().uordblks - before) / sessions;
  for (std::size_t i = 0; i < sessions; ++i) {
    peers.push_back(std::make_unique<Peer>(context_of_peers));
    const ice::Parameters of_peer = peers[i]->agent().local_parameters();
    const TransportAddress at = peers[i]->address();
    peers[i]->begin(all[i]->local_parameters(), host_candidate({loopback, port.port()}));
    all[i]->set_remote_parameters(of_peer);
    all[i]->add_remote_candidate(host_candidate(at));
    context.poll();
    context_of_peers.poll();
  }
  const auto work = boost::asio::make_work_guard(context_of_peers);
  std::thread thread_of_peers([&] { context_of_peers.run(); });

  context.run_for(std::chrono::seconds(10));  // consent is asked for at random times from then on
  const double began = processor_seconds();
  context.run_for(std::chrono::seconds(seconds));
  const double share = (processor_seconds() - began) / seconds;
  const auto alive = std::ranges::count_if(
      all, [](const auto& session) { return session->state() == ice::State::completed; });
  std::printf(
      R"({"figure":"shared_port","sessions":%zu,"alive":%td,"cpu_share_of_one_core":%.4f,"sessions_per_core":%.0f,"bytes_per_session":%zu})"
      "\n",
      sessions, alive, share, static_cast<double>(sessions) / share, bytes);
  std::fflush(stdout);
  context_of_peers.stop();
  thread_of_peers.join();
  std::quick_exit(alive == static_cast<std::ptrdiff_t>(sessions) ? 0 : 1);
}
