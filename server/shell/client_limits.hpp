#pragma once

#include "server/shell/admission.hpp"
#include "server/shell/message_queue.hpp"

namespace stile::server {

/// How much of one worker its clients over TCP, TLS and DTLS may take, and for how long.
struct ClientLimits {
  Admission::Limits connections{8192, 2048};  ///< over TCP and TLS; as many again over DTLS
  Admission::Limits handshakes{1024,
                               256};  ///< of them, in a TLS handshake; as many again in a DTLS one
  unsigned openings_per_wake_up =
      4;  ///< reads that may mean a handshake: up to a millisecond of computing

  Duration handshake = std::chrono::seconds(5);      ///< the PROXY header and the TLS handshake
  Duration first_message = std::chrono::seconds(5);  ///< then the first complete message
  Duration partial_message = std::chrono::seconds(5);
  Duration idle = std::chrono::seconds(30);     ///< between messages, without an allocation
  Duration silence = std::chrono::minutes(15);  ///< with one: longer than any needs to be refreshed

  std::size_t message_before_allocation = 4096;  ///< bytes; a longer one ends the connection
  std::size_t unread_answers =
      16 * 1024;               ///< bytes; a client that reads none is not read from either
  MessageQueue::Limits queue;  ///< of relayed data, for each client
};

}  // namespace stile::server
