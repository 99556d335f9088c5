#include "stile/asio/mdns_resolver.hpp"

#include <array>
#include <boost/asio/ip/multicast.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "stile/asio/endpoint.hpp"
#include "stile/mdns/message.hpp"

namespace stile {

namespace {

using boost::asio::ip::udp;

constexpr std::array<std::chrono::milliseconds, 4> pauses{
    std::chrono::milliseconds(0), std::chrono::milliseconds(500), std::chrono::milliseconds(1500),
    std::chrono::milliseconds(1000)};
constexpr std::size_t max_questions = 32;  ///< Limit: names that are asked for at the same time

}  // namespace

/// One name, and the sockets that ask for it.
struct MdnsResolver::Question : std::enable_shared_from_this<Question> {
  struct Socket {
    udp::socket socket;
    udp::endpoint from;
    std::array<std::uint8_t, 1500> input{};
  };

  Question(boost::asio::any_io_executor executor, std::string asked, Handler then)
      : name(std::move(asked)), handler(std::move(then)), timer(std::move(executor)) {}

  void open(const IpAddress& local) {
    auto socket = std::make_shared<Socket>(Socket{udp::socket(timer.get_executor()), {}});
    boost::system::error_code error;
    socket->socket.open(udp::v4(), error);
    if (!error) socket->socket.bind(to_asio(TransportAddress{local, 0}), error);
    if (!error)
      socket->socket.set_option(
          boost::asio::ip::multicast::outbound_interface(to_asio(local).to_v4()), error);
    // RFC 6762 §11: answers are believed from the local link only, whose packets do not pass a
    // router.
    if (!error) socket->socket.set_option(boost::asio::ip::multicast::hops(255), error);
    if (error) return;
    sockets.push_back(socket);
    receive(socket);
  }

  void receive(const std::shared_ptr<Socket>& socket) {
    socket->socket.async_receive_from(
        boost::asio::buffer(socket->input), socket->from,
        [self = shared_from_this(), socket](boost::system::error_code error, std::size_t size) {
          if (self->over) return;
          if (!error) self->take({socket->input.data(), size});
          if (!self->over) self->receive(socket);
        });
  }

  void ask() {
    timer.expires_after(pauses[sent]);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || self->over) return;
      if (++self->sent == pauses.size()) return self->end({});
      const ByteVector query = mdns::address_query(0, self->name);
      for (const auto& socket : self->sockets) {
        boost::system::error_code ignored;
        socket->socket.send_to(boost::asio::buffer(query), to_asio(mdns::group), 0, ignored);
      }
      self->ask();
    });
  }

  void take(Bytes response) {
    if (auto found = mdns::addresses_in(response, name); !found.empty()) end(std::move(found));
  }

  void end(std::vector<IpAddress> addresses) {
    const auto then = std::exchange(handler, {});
    stop();
    if (then) then(std::move(addresses));
  }

  void stop() {
    over = true;
    timer.cancel();
    for (const auto& socket : sockets) {
      boost::system::error_code ignored;
      socket->socket.close(ignored);
    }
  }

  std::string name;
  Handler handler;
  boost::asio::steady_timer timer;
  std::vector<std::shared_ptr<Socket>> sockets;
  std::size_t sent = 0;
  bool over = false;
};

MdnsResolver::MdnsResolver(boost::asio::any_io_executor executor,
                           std::vector<IpAddress> local_addresses)
    : questions_(std::make_shared<std::vector<std::shared_ptr<Question>>>()),
      executor_(std::move(executor)),
      local_addresses_(std::move(local_addresses)) {}

MdnsResolver::~MdnsResolver() {
  for (const auto& question : *questions_) {
    question->handler = {};
    question->stop();
  }
}

void MdnsResolver::resolve(const std::string& name, Handler handler) {
  std::erase_if(*questions_, [](const auto& question) { return question->over; });
  if (questions_->size() >= max_questions || !mdns::is_name(name)) return handler({});
  const auto question = std::make_shared<Question>(executor_, name, std::move(handler));
  for (const IpAddress& local : local_addresses_)
    if (local.is_v4()) question->open(local);
  questions_->push_back(question);
  question->ask();
}

}  // namespace stile
