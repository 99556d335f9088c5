#pragma once

#include <openssl/bio.h>

#include <deque>
#include <memory>

#include "stile/base/bytes.hpp"

namespace stile::media {

/// What OpenSSL takes for its network: one datagram in at a time, datagrams out in a queue.
class DatagramBio {
 public:
  /// Throws std::bad_alloc.
  DatagramBio();
  DatagramBio(const DatagramBio&) = delete;
  DatagramBio& operator=(const DatagramBio&) = delete;

  BIO* get() const { return bio_.get(); }
  /// Good until it has been read, or the next one comes.
  void set_input(Bytes datagram) { input_ = datagram; }
  std::deque<ByteVector>& output() { return output_; }

 private:
  static const BIO_METHOD* method();
  static int write(BIO* bio, const char* data, int size);
  static int read(BIO* bio, char* room, int size);
  static long control(BIO* bio, int command, long number, void* pointer);
  static DatagramBio& of(BIO* bio) { return *static_cast<DatagramBio*>(BIO_get_data(bio)); }

  std::unique_ptr<BIO, decltype(&BIO_free)> bio_;
  Bytes input_;
  std::deque<ByteVector> output_;
};

}  // namespace stile::media
