#pragma once

#include <string>

#include "server/shell/socket.hpp"
#include "stile/base/random.hpp"
#include "stile/stun/attributes.hpp"
#include "stile/stun/channel_data.hpp"
#include "stile/stun/credentials.hpp"

namespace stile::bench {

struct Account {
  std::string user, password;
};

/// A TURN client over UDP. Each call but ask() waits for the answer, and throws when there is none
/// or the wrong one.
class TurnClient {
 public:
  /// From `local`; port 0 is any.
  TurnClient(const TransportAddress& local, const TransportAddress& server, const Account& account);

  void allocate();
  /// Its parts: ask(), which is answered with the challenge, and ask() again, which is answered
  /// with the allocation.
  void ask();
  void take_challenge();
  void take_allocation();
  /// Installs the permission, too.
  void bind(stun::ChannelNumber channel, const TransportAddress& peer);
  void release();

  int fd() const { return socket_.fd(); }
  const TransportAddress& relayed() const { return relayed_; }

 private:
  /// Signed once there is a challenge, which it fetches if need be.
  template <class... Attributes>
  stun::MessageView request(stun::Method method, const Attributes&... attributes);
  template <class... Attributes>
  Bytes build(stun::Method method, const Attributes&... attributes);
  void send_asked();
  /// The answer to what was asked last; asks again if there is none.
  stun::MessageView await();
  void learn(const stun::MessageView& challenge);

  server::Descriptor socket_;
  server::SocketAddress server_;
  Account account_;
  std::string realm_, nonce_;
  stun::Key key_;
  TransportAddress relayed_;
  SystemRandom random_;
  std::array<std::uint8_t, 1024> buffer_{};
  Bytes asked_;  ///< in buffer_
  std::array<std::uint8_t, 2048> received_{};
};

}  // namespace stile::bench
