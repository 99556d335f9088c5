#include "server/shell/inbox.hpp"

#include <sys/eventfd.h>

#include <utility>

namespace stile::server {

namespace {
constexpr std::size_t most_parcels = 4096;  ///< Limit: before datagrams are dropped, as by a socket
}

Inbox::Inbox() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Inbox::put(Parcel parcel) {
  const std::lock_guard lock(mutex_);
  add(std::move(parcel));
}

bool Inbox::put_datagram(Parcel parcel) {
  const std::lock_guard lock(mutex_);
  if (parcels_.size() >= most_parcels) return false;
  add(std::move(parcel));
  return true;
}

void Inbox::add(Parcel parcel) {
  if (parcels_.empty()) eventfd_write(wake_.fd(), 1);
  parcels_.push_back(std::move(parcel));
}

std::vector<Parcel> Inbox::take() {
  const std::lock_guard lock(mutex_);
  eventfd_t count = 0;
  eventfd_read(wake_.fd(), &count);
  return std::exchange(parcels_, {});
}

}  // namespace stile::server
