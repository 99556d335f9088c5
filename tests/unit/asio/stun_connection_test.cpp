#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <set>

#include "stile/asio/endpoint.hpp"
#include "stile/stun/attributes.hpp"
#include "tests/unit/asio/session_pair.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

using boost::asio::ip::tcp;

/// A STUN server over TCP to whom every client seems to come from 203.0.113.9.
class StunServer {
 public:
  explicit StunServer(boost::asio::io_context& context)
      : acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}) {
    accept();
  }
  TransportAddress address() const {
    return {IpAddress::v4(127, 0, 0, 1), acceptor_.local_endpoint().port()};
  }
  std::set<std::uint16_t> clients;  ///< their ports

 private:
  struct Client {
    tcp::socket socket;
    std::array<std::uint8_t, 512> input;
  };
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      clients.insert(socket.remote_endpoint().port());
      read(std::make_shared<Client>(Client{std::move(socket), {}}));
      accept();
    });
  }
  void read(const std::shared_ptr<Client>& client) {
    client->socket.async_read_some(
        boost::asio::buffer(client->input),
        [this, client](boost::system::error_code error, std::size_t size) {
          if (error) return;
          const auto request = stun::MessageView::parse(Bytes(client->input).first(size));
          if (request && request->message_class() == stun::Class::request)
            answer(*client, *request);
          read(client);
        });
  }
  static void answer(Client& client, const stun::MessageView& request) {
    const std::uint16_t port = client.socket.remote_endpoint().port();
    ByteVector buffer(128);
    stun::MessageBuilder builder(buffer, stun::Class::success_response, stun::Method::binding,
                                 request.transaction_id());
    builder.add(stun::XorMappedAddress{{IpAddress::v4(203, 0, 113, 9), port}});
    const Bytes bytes = builder.finish();
    boost::asio::write(client.socket, boost::asio::buffer(bytes.data(), bytes.size()));
  }

  tcp::acceptor acceptor_;
};

std::set<std::uint16_t> ports_of(const std::vector<Candidate>& candidates, CandidateType type) {
  constexpr std::uint16_t discard_port = 9;  // RFC 6544 §4.5: what an active candidate tells
  std::set<std::uint16_t> ports;
  for (const Candidate& each : candidates)
    if (each.type == type && each.transport == Transport::tcp && each.address.port != discard_port)
      ports.insert(each.address.port);
  return ports;
}

}  // namespace

TEST_CASE("session: STUN servers are connected to from the ports that are listened at",
          "[asio][rfc6544-5.2]") {
  boost::asio::io_context context(1);
  StunServer server(context);
  Config config = config_of(Role::controlling);
  config.tcp = true;
  config.ipv6 = false;
  config.stun_servers = {server.address()};
  std::vector<Candidate> candidates;
  Session::Callbacks callbacks;
  callbacks.on_candidate = [&](const Candidate& each) { candidates.push_back(each); };
  std::optional<Proxy> proxy;
  SECTION("directly") {}
  SECTION("past a proxy, to which a NAT would be another one") {
    proxy = Proxy{Proxy::Kind::http, *TransportAddress::parse("127.0.0.1:9"), {}, {}};
  }
  Session session(context.get_executor(), config, callbacks, {}, proxy);
  session.gather(loopback);
  const auto reflexive = [&] { return ports_of(candidates, CandidateType::server_reflexive); };
  for (int i = 0; i < 200 && reflexive().size() < 2; ++i)
    context.run_one_for(std::chrono::milliseconds(100));
  CHECK(reflexive().size() == 2);
  CHECK(reflexive() == ports_of(candidates, CandidateType::host));
  CHECK(server.clients == reflexive());
}
