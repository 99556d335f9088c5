// A peer for interoperability tests of DTLS-SRTP: signalled as `stile connect --stdio` is, with
// "fingerprint" and "setup" in its description. media_peer controlling|controlled active|passive.
// When the handshake is over it says
// {"dtls":"PROFILE"} and sends an RTP packet each 20 ms; it says {"rtp":"PAYLOAD"} for each that
// comes.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "stile/asio/clock.hpp"
#include "stile/asio/session.hpp"
#include "stile/media/transport.hpp"

namespace {

using namespace stile;
using nlohmann::json;

class Peer {
 public:
  Peer(boost::asio::io_context& context, ice::Role role, media::Setup setup)
      : input_(context, ::dup(0)),
        retransmission_(context),
        next_packet_(context),
        setup_(setup),
        session_(context.get_executor(), {.role = role}, callbacks()) {
    session_.gather();
    read_line();
  }

 private:
  ice::Session::Callbacks callbacks() {
    ice::Session::Callbacks callbacks;
    callbacks.on_candidate = [this](const ice::Candidate& candidate) {
      candidates_.push_back(candidate.to_string());
    };
    callbacks.on_gathering_done = [this] { tell_local(); };
    callbacks.on_state = [this](ice::State state, const std::string&) {
      write({{"state", to_string(state)}});
      if (state == ice::State::connected) begin();
    };
    callbacks.on_data = [this](ice::ComponentId, Bytes data) { take(data); };
    return callbacks;
  }

  static void write(const json& line) { std::cout << line.dump() << std::endl; }

  void tell_local() {
    const auto credentials = session_.local_credentials();
    write({{"local",
            {{"ufrag", credentials.ufrag},
             {"pwd", credentials.pwd},
             {"candidates", candidates_},
             {"fingerprint", transport_.fingerprint().to_string()},
             {"setup", setup_ == media::Setup::active ? "active" : "passive"}}}});
  }

  void read_line() {
    boost::asio::async_read_until(input_, boost::asio::dynamic_buffer(buffer_), '\n',
                                  [this](boost::system::error_code error, std::size_t size) {
                                    if (error) return;
                                    const json line = json::parse(buffer_.substr(0, size));
                                    buffer_.erase(0, size);
                                    if (line.contains("remote")) take_remote(line["remote"]);
                                    read_line();
                                  });
  }

  void take_remote(const json& remote) {
    of_peer_ = media::Fingerprint::parse(remote.at("fingerprint").get<std::string>()).value();
    session_.set_remote_parameters({{remote.at("ufrag"), remote.at("pwd")}});
    for (const json& line : remote.at("candidates"))
      if (const auto candidate = ice::Candidate::parse(line.get<std::string>()))
        session_.add_remote_candidate(*candidate);
    session_.end_of_remote_candidates();
  }

  void begin() {
    transport_.start(instant_now(), setup_, {*of_peer_});
    drain();
  }

  void take(Bytes data) {
    ByteVector datagram = copy_of(data);
    const auto received = transport_.handle_datagram(instant_now(), datagram);
    if (received && received->kind == media::PacketKind::rtp)
      write({{"rtp", as_text(received->packet.subspan(12))}});
    drain();
  }

  void drain() {
    while (const auto datagram = transport_.poll_transmit()) session_.send(*datagram);
    if (transport_.state() == media::Dtls::State::failed) write({{"failed", transport_.reason()}});
    if (transport_.profile() && !std::exchange(told_, true)) {
      write({{"dtls", to_string(*transport_.profile())}});
      send_packet();
    }
    if (transport_.poll_timeout() == never) return;
    retransmission_.expires_at(steady_time(transport_.poll_timeout()));
    retransmission_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      transport_.handle_timeout(instant_now());
      drain();
    });
  }

  void send_packet() {
    const std::string payload = "from stile " + std::to_string(++sequence_number_);
    ByteVector packet{0x80,
                      96,
                      static_cast<std::uint8_t>(sequence_number_ >> 8),
                      static_cast<std::uint8_t>(sequence_number_),
                      0,
                      0,
                      0,
                      0,
                      0,
                      0,
                      0,
                      7};
    packet.insert(packet.end(), payload.begin(), payload.end());
    const std::size_t size = packet.size();
    packet.resize(size + media::srtp_tailroom);
    if (const auto sealed = transport_.protect(MutableBytes(packet).first(size)))
      session_.send(*sealed);
    next_packet_.expires_after(std::chrono::milliseconds(20));
    next_packet_.async_wait([this](boost::system::error_code error) {
      if (!error) send_packet();
    });
  }

  boost::asio::posix::stream_descriptor input_;
  boost::asio::steady_timer retransmission_;
  boost::asio::steady_timer next_packet_;
  media::Setup setup_;
  media::Transport transport_;
  std::optional<media::Fingerprint> of_peer_;
  std::string buffer_;
  json candidates_ = json::array();
  bool told_ = false;
  std::uint16_t sequence_number_ = 0;
  ice::Session session_;
};

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const bool controlled = words[1] == std::string_view("controlled");
  const bool passive = words[2] == std::string_view("passive");
  boost::asio::io_context context(1);
  Peer peer(context, controlled ? ice::Role::controlled : ice::Role::controlling,
            passive ? media::Setup::passive : media::Setup::active);
  context.run();
}
