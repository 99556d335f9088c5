#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "server/shell/stream.hpp"
#include "stile/base/address.hpp"

namespace stile::server {

/// A client's connection on its way from one worker to another, with what has been read and not
/// handled yet.
struct MovedClient {
  FiveTuple five_tuple;
  Stream stream;
  ByteVector unread;
};

// RFC 8016: over UDP and DTLS a client that has moved is heard by one worker, and another has its
// allocation.

/// What such a client sends, behind the cores' headroom, from the worker that hears it.
struct ForwardedMessage {
  FiveTuple five_tuple;
  std::uint32_t worker;
  ByteVector buffer;
};
/// What is sent to it over DTLS, to the worker that has its association.
struct ForwardedAnswer {
  FiveTuple to;
  ByteVector message;
};
/// Its association has ended.
struct ForwardedEnd {
  FiveTuple five_tuple;
};
/// Which worker has it from now on, to the one that hears it; nothing: none.
struct ClientElsewhere {
  FiveTuple five_tuple;
  std::optional<std::uint32_t> worker;
};

class Worker;
/// What another thread than the workers' wants of this one (ask_workers()).
struct Errand {
  std::function<void(Worker&)> run;
};

using Parcel = std::variant<MovedClient, ForwardedMessage, ForwardedAnswer, ForwardedEnd,
                            ClientElsewhere, Errand>;

/// Where the other workers leave parcels for this one.
class Inbox {
 public:
  Inbox();
  /// From any thread.
  void put(Parcel parcel);
  /// The same for what may be lost: false if there are too many parcels already.
  bool put_datagram(Parcel parcel);
  /// All that have come, in order.
  std::vector<Parcel> take();
  /// Readable when there are some.
  int fd() const { return wake_.fd(); }

 private:
  void add(Parcel parcel);

  Descriptor wake_;
  std::mutex mutex_;
  std::vector<Parcel> parcels_;
};

}  // namespace stile::server
