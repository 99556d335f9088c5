#include "client/commands/turn.hpp"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "client/commands/number_between.hpp"
#include "client/commands/run.hpp"
#include "client/commands/udp_probe.hpp"
#include "stile/asio/connection.hpp"
#include "stile/base/random.hpp"
#include "stile/turn/client.hpp"

namespace stile {

namespace {

struct Options {
  std::string server;
  std::string username;
  std::string password;
  std::string ca_file;
  unsigned count = 10;
  bool json = false;
};

constexpr std::size_t payload_size = 64;
constexpr auto interval = std::chrono::milliseconds(20);
constexpr auto patience = std::chrono::seconds(2);
/// Sent at 0, 0.5, 1.5 and 3.5 s, given up at 5.5 s.
constexpr stun::RetransmissionPolicy retransmission{.rc = 4, .rm = 4};

constexpr std::size_t clients_of_a_test = 2;

const char* name_of(Transport transport) {
  switch (transport) {
    case Transport::udp:
      return "UDP";
    case Transport::tcp:
      return "TCP";
    case Transport::tls:
      return "TLS";
    case Transport::dtls:
      return "DTLS";
  }
  return "";
}

/// Two TURN clients on one server; the first sends numbered datagrams to the second's relayed
/// address.
class RelayTest {
 public:
  RelayTest(const TransportAddress& server, const turn::ServerUri& uri, const Options& options)
      : count_(options.count),
        transport_(uri.transport()),
        probe_(context_, transport_ == Transport::udp ? clients_of_a_test : 0,
               source_towards(context_, server),
               [this](std::size_t socket, const TransportAddress&, MutableBytes datagram) {
                 take(socket, datagram);
               }),
        connector_({options.ca_file}) {
    turn::Config config{.server = server,
                        .credentials = {options.username, options.password},
                        .family = server.family(),
                        .retransmission = retransmission};
    config.retransmission.reliable = is_stream(transport_);
    connector_.prepare(transport_);
    for (std::size_t i = 0; i < clients_of_a_test; ++i) {
      clients_.push_back(std::make_unique<turn::Client>(config, random_));
      if (transport_ != Transport::udp)
        add_connection(i, server, IpAddress::parse(uri.host) ? "" : uri.host);
    }
  }

  void run() {
    for (auto& connection : connections_) connection->connect();
    if (connections_.empty())
      for (auto& client : clients_) client->allocate(instant_now());
    drain();
    context_.run();
    if (failure_) throw *failure_;
  }

  const std::vector<turn::Allocated>& allocated() const { return allocated_; }
  unsigned received() const { return static_cast<unsigned>(round_trips_.size()); }
  Duration median() {
    if (round_trips_.empty()) return {};
    std::ranges::sort(round_trips_);
    return round_trips_[round_trips_.size() / 2];
  }

 private:
  void add_connection(std::size_t i, const TransportAddress& server, const std::string& host) {
    Connection::Callbacks callbacks;
    callbacks.on_connected = [this, i](std::expected<TransportAddress, std::string> local) {
      if (!local) return lose(i, local.error());
      clients_[i]->allocate(instant_now());
      drain();
    };
    callbacks.on_message = [this, i](MutableBytes message) { take(i, message); };
    callbacks.on_closed = [this, i](const std::string& reason) { lose(i, reason); };
    connections_.push_back(
        connector_.make(context_.get_executor(), server, transport_, host, std::move(callbacks)));
  }

  void lose(std::size_t client, const std::string& reason) {
    if (!failure_) failure_.emplace(clients_[client]->server().to_string() + ": " + reason);
    drain();
  }

  void transmit(std::size_t client, Bytes message) {
    if (connections_.empty())
      probe_.send(client, clients_[client]->server(), message);
    else
      connections_[client]->send(message);
  }

  void drain() {
    const Instant now = instant_now();
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      while (const auto event = clients_[i]->poll_event()) take(i, *event);
      while (const auto bytes = clients_[i]->poll_transmit()) transmit(i, *bytes);
    }
    const bool over =
        failure_ || (started_ && (received() == count_ || now >= last_sent_ + patience));
    if (over) return finish(now);
    Instant next = std::min(clients_[0]->poll_timeout(), clients_[1]->poll_timeout());
    if (started_)
      next = std::min(next, sent_ < count_ ? last_sent_ + interval : last_sent_ + patience);
    probe_.wake_at(next, [this] { on_timer(); });
  }

  void on_timer() {
    const Instant now = instant_now();
    for (auto& client : clients_) client->handle_timeout(now);
    if (started_ && sent_ < count_ && now >= last_sent_ + interval) send(now);
    drain();
  }

  void take(std::size_t client, const turn::Event& event) {
    if (const auto* failed = std::get_if<turn::Failed>(&event))
      fail(clients_[client]->server(), *failed);
    if (const auto* refused = std::get_if<turn::PermissionRefused>(&event))
      failure_.emplace(fmt::format(
          "{} gives relayed addresses, but refuses its own, {}, as a peer (error {}); allow it "
          "there (--allow-peer)",
          clients_[client]->server().to_string(), refused->peer.to_string(), refused->error));
    if (std::holds_alternative<turn::Allocated>(event)) {
      allocated_.resize(2);
      allocated_[client] = std::get<turn::Allocated>(event);
      if (clients_[0]->is_allocated() && clients_[1]->is_allocated())
        for (std::size_t i = 0; i < 2; ++i)
          clients_[i]->permit(instant_now(), allocated_[1 - i].relayed.ip);
    }
    if (std::holds_alternative<turn::PermissionGranted>(event) && ++permissions_ == 2) {
      started_ = true;
      send(instant_now());
    }
  }

  void fail(const TransportAddress& server, const turn::Failed& failed) {
    if (failed.error == 0)
      failure_ = does_not_answer(server, name_of(transport_));
    else
      failure_.emplace(server.to_string() + ": " + failed.reason);
  }

  void take(std::size_t socket, MutableBytes datagram) {
    const Instant now = instant_now();
    const auto received = clients_[socket]->handle_server_datagram(now, datagram);
    if (received && received->data.size() == payload_size) {
      const std::uint32_t number = load_u32(received->data.data());
      if (socket == 1)
        relay(1, received->peer, received->data);
      else if (number < sent_at_.size())
        round_trips_.push_back(now - sent_at_[number]);
    }
    drain();
  }

  void send(Instant now) {
    std::array<std::uint8_t, payload_size> payload{};
    store_u32(payload.data(), sent_++);
    sent_at_.push_back(now);
    last_sent_ = now;
    relay(0, allocated_[1].relayed, payload);
  }

  void relay(std::size_t from, const TransportAddress& to, Bytes payload) {
    std::array<std::uint8_t, datagram_headroom + payload_size> buffer{};
    std::ranges::copy(payload, buffer.begin() + datagram_headroom);
    const Bytes wrapped = clients_[from]->wrap(to, MutableBytes(buffer).subspan(datagram_headroom));
    transmit(from, wrapped);
  }

  void finish(Instant now) {
    if (std::exchange(finished_, true)) return;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i]->close(now);
      while (const auto bytes = clients_[i]->poll_transmit()) transmit(i, *bytes);
    }
    probe_.wake_at(never, {});
    if (connections_.empty()) context_.stop();
    for (auto& connection : connections_) connection->close();
  }

  unsigned count_;
  Transport transport_;
  boost::asio::io_context context_{1};
  SystemRandom random_;
  UdpProbe probe_;
  Connector connector_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<turn::Client>> clients_;
  std::vector<turn::Allocated> allocated_;
  std::optional<CommandError> failure_;
  int permissions_ = 0;
  bool started_ = false;
  bool finished_ = false;
  std::uint32_t sent_ = 0;
  Instant last_sent_{};
  std::vector<Instant> sent_at_;
  std::vector<Duration> round_trips_;
};

int test_relay(const Options& options) {
  const bool is_uri = options.server.starts_with("turn:") || options.server.starts_with("turns:");
  turn::ServerUri uri = is_uri ? turn_uri(options.server) : stun_uri(options.server);
  const turn::ServerPlace place =
      is_uri ? find_places(uri).front()
             : turn::ServerPlace{Transport::udp, resolve_server(options.server).front()};
  const TransportAddress server = place.address;
  uri.over_udp = !is_stream(place.transport);
  uri.secure = place.transport == Transport::tls || place.transport == Transport::dtls;
  RelayTest test(server, uri, options);
  test.run();
  const double ms = static_cast<double>(test.median().count()) / 1000;
  if (options.json) {
    fmt::print("{}\n", nlohmann::json{{"server", server.to_string()},
                                      {"mapped", test.allocated()[0].mapped.to_string()},
                                      {"relayed", test.allocated()[0].relayed.to_string()},
                                      {"sent", options.count},
                                      {"received", test.received()},
                                      {"ms", ms}}
                           .dump());
  } else {
    fmt::print("{} sees us at {} and relays for us at {}\n", server.to_string(),
               test.allocated()[0].mapped.to_string(), test.allocated()[0].relayed.to_string());
    fmt::print("{} of {} datagrams came back through two relayed addresses, median {:.1f} ms\n",
               test.received(), options.count, ms);
  }
  return test.received() == options.count ? 0 : 1;
}

}  // namespace

void add_turn_command(CLI::App& app, int& exit_status) {
  auto* command = app.add_subcommand(
      "turn", "tries a TURN server: two allocations, datagrams from one to the other");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("server", options->server,
                   "the TURN server: HOST[:PORT] over UDP, or turn:... or turns:... (RFC 7065)")
      ->option_text("SERVER")
      ->required();
  command->add_option("--username", options->username, "as the server knows it")
      ->option_text("NAME")
      ->required();
  command->add_option("--password", options->password)->option_text("PASSWORD")->required();
  command
      ->add_option("--ca", options->ca_file,
                   "certificates to believe it by over TLS or DTLS, in PEM; else the system's")
      ->option_text("FILE")
      ->check(CLI::ExistingFile);
  command->add_option("--count", options->count, "datagrams to send, one each 20 ms [10]")
      ->option_text("N")
      ->check(number_between(1, 100'000));
  command->add_flag("--json", options->json, "answer with one JSON object");
  command->callback([options, &exit_status] {
    exit_status = run_command("turn", [&] { return test_relay(*options); });
  });
}

}  // namespace stile
