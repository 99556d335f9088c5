#include "client/commands/stun.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "client/commands/number_between.hpp"
#include "client/commands/run.hpp"
#include "stile/asio/clock.hpp"
#include "stile/asio/endpoint.hpp"
#include "stile/base/random.hpp"
#include "stile/stun/attributes.hpp"
#include "stile/stun/stream_framing.hpp"
#include "stile/stun/transaction.hpp"

namespace stile {

namespace {

struct Options {
  std::string server;
  double timeout_seconds = 5;
  bool over_tcp = false;
  bool json = false;
};

struct Answer {
  TransportAddress mapped;
  Duration round_trip_time;
};

/// One Binding transaction (RFC 8489 §6.2), over UDP with retransmissions or over TCP.
class BindingTransaction {
 public:
  BindingTransaction(boost::asio::io_context& context, const TransportAddress& server)
      : context_(context), udp_(context), tcp_(context), timer_(context), server_(server) {
    SystemRandom random;
    stun::MessageBuilder builder(request_, stun::Class::request, stun::Method::binding,
                                 id_ = stun::TransactionId::make(random));
    builder.add_fingerprint();
    size_ = builder.finish().size();
  }

  /// Throws CommandError if there is no answer in time.
  Answer run(bool over_tcp, std::chrono::duration<double> timeout) {
    if (over_tcp)
      start_tcp();
    else
      start_udp();
    context_.run_for(std::chrono::duration_cast<std::chrono::milliseconds>(timeout));
    if (!answer_) throw does_not_answer(server_, over_tcp ? "TCP" : "UDP");
    return *answer_;
  }

 private:
  void start_udp() {
    const auto endpoint = to_asio(server_);
    boost::system::error_code error;
    udp_.open(endpoint.protocol(), error);
    if (!error) udp_.connect(endpoint, error);
    if (error) throw no_route(server_, error.message());
    started_ = instant_now();
    transmissions_.emplace(started_, stun::RetransmissionPolicy{});
    send_udp();
    wait_udp();
    wait_timer();
  }
  void send_udp() {
    boost::system::error_code refused;
    udp_.send(boost::asio::buffer(request_, size_), 0, refused);
  }
  void wait_udp() {
    udp_.async_receive(boost::asio::buffer(input_),
                       [this](boost::system::error_code error, std::size_t size) {
                         if (error == boost::asio::error::operation_aborted) return;
                         // RFC 8489 §6.2.1: a hard ICMP error ends the transaction.
                         if (error == boost::asio::error::connection_refused) throw nobody_there();
                         if (!error) take({input_.data(), size});
                         if (!answer_) wait_udp();
                       });
  }
  void wait_timer() {
    timer_.expires_at(steady_time(transmissions_->deadline()));
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      const auto action = transmissions_->on_timeout(instant_now());
      if (action == stun::TransactionTimer::Action::timed_out) return context_.stop();
      if (action == stun::TransactionTimer::Action::retransmit) send_udp();
      wait_timer();
    });
  }
  void start_tcp() {
    started_ = instant_now();
    const boost::asio::ip::tcp::endpoint endpoint(to_asio(server_.ip), server_.port);
    tcp_.async_connect(endpoint, [this](boost::system::error_code error) {
      if (error == boost::asio::error::connection_refused) throw nobody_there();
      if (error) throw no_route(server_, error.message());
      boost::asio::async_write(tcp_, boost::asio::buffer(request_, size_),
                               [](boost::system::error_code, std::size_t) {});
      wait_tcp(0);
    });
  }
  void wait_tcp(std::size_t have) {
    const auto room = boost::asio::buffer(input_) + have;
    tcp_.async_read_some(room, [this, have](boost::system::error_code error, std::size_t size) {
      if (error) return context_.stop();
      const Bytes stream(input_.data(), have + size);
      const auto frame = stun::next_frame(stream);
      if (frame.status == stun::Frame::Status::complete)
        take(stream.first(frame.message_size));
      else if (frame.status == stun::Frame::Status::incomplete)
        wait_tcp(have + size);
    });
  }
  CommandError nobody_there() const {
    return CommandError("no server listens at " + server_.to_string() +
                        " (connection refused); check the address and port");
  }
  void take(Bytes datagram) {
    const auto message = stun::MessageView::parse(datagram);
    if (!message || message->transaction_id() != id_) return;
    const auto mapped = message->get<stun::XorMappedAddress>();
    if (!mapped) return;
    answer_ = Answer{mapped->address, instant_now() - started_};
    context_.stop();
  }

  boost::asio::io_context& context_;
  boost::asio::ip::udp::socket udp_;
  boost::asio::ip::tcp::socket tcp_;
  boost::asio::steady_timer timer_;
  TransportAddress server_;
  stun::TransactionId id_;
  std::array<std::uint8_t, 64> request_{};
  std::size_t size_ = 0;
  std::array<std::uint8_t, 2048> input_{};
  std::optional<stun::TransactionTimer> transmissions_;
  Instant started_{};
  std::optional<Answer> answer_;
};

int ask(const Options& options) {
  boost::asio::io_context context;
  const TransportAddress server = resolve_server(options.server).front();
  BindingTransaction transaction(context, server);
  const Answer answer =
      transaction.run(options.over_tcp, std::chrono::duration<double>(options.timeout_seconds));
  const double ms = static_cast<double>(answer.round_trip_time.count()) / 1000;
  if (options.json)
    fmt::print("{}\n", nlohmann::json{{"server", server.to_string()},
                                      {"mapped", answer.mapped.to_string()},
                                      {"ms", ms}}
                           .dump());
  else
    fmt::print("{} sees us at {} ({:.1f} ms)\n", server.to_string(), answer.mapped.to_string(), ms);
  return 0;
}

}  // namespace

void add_stun_command(CLI::App& app, int& exit_status) {
  auto* command = app.add_subcommand("stun", "asks a STUN server what address it sees us at");
  const auto options = std::make_shared<Options>();
  command->add_option("server", options->server, "the STUN server; port 3478 unless one is given")
      ->option_text("HOST[:PORT]")
      ->required();
  command->add_option("--timeout", options->timeout_seconds, "how long to wait for an answer [5]")
      ->option_text("SECONDS")
      ->check(number_between(0.1, 3600.0));
  command->add_flag("--tcp", options->over_tcp, "ask over TCP instead of UDP");
  command->add_flag("--json", options->json, "answer with one JSON object");
  command->callback([options, &exit_status] {
    exit_status = run_command("stun", [&] { return ask(*options); });
  });
}

}  // namespace stile
