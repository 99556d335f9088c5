#include "media/datagram_bio.hpp"

#include <algorithm>
#include <new>

namespace stile::media {

namespace {
constexpr std::size_t max_output =
    64;  ///< Limit: datagrams that nobody takes; further ones are lost
constexpr long ip_and_udp_headers = 48;
}  // namespace

DatagramBio::DatagramBio() : bio_(BIO_new(method()), BIO_free) {
  if (!bio_) throw std::bad_alloc();
  BIO_set_data(bio_.get(), this);
  BIO_set_init(bio_.get(), 1);
}

const BIO_METHOD* DatagramBio::method() {
  static const auto made = [] {
    const std::shared_ptr<BIO_METHOD> method(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams"), BIO_meth_free);
    BIO_meth_set_write(method.get(), write);
    BIO_meth_set_read(method.get(), read);
    BIO_meth_set_ctrl(method.get(), control);
    return method;
  }();
  return made.get();
}

int DatagramBio::write(BIO* bio, const char* data, int size) {
  auto& output = of(bio).output_;
  const Bytes datagram(reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size));
  if (output.size() < max_output) output.push_back(copy_of(datagram));
  return size;
}

int DatagramBio::read(BIO* bio, char* room, int size) {
  Bytes& input = of(bio).input_;
  BIO_clear_retry_flags(bio);
  if (input.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const auto taken = std::min(input.size(), static_cast<std::size_t>(size));
  std::ranges::copy(input.first(taken), reinterpret_cast<std::uint8_t*>(room));
  input = {};  // what does not fit is cut off, as by a socket
  return static_cast<int>(taken);
}

long DatagramBio::control(BIO*, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_DGRAM_GET_MTU_OVERHEAD) return ip_and_udp_headers;
  return 0;
}

}  // namespace stile::media
