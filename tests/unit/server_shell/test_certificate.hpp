#pragma once

#include <string>

#include "server/shell/tls_context.hpp"

namespace stile::server::test {

/// Files in a folder of their own, gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

struct Pem {
  std::string certificate;
  std::string key;
};
/// Self-signed, for P-256.
Pem make_certificate(const std::string& name);

/// A certificate in a folder.
struct CertificateFolder : TemporaryFolder {
  explicit CertificateFolder(const std::string& name = "turn.example") {
    put(make_certificate(name));
  }
  void put(const Pem& pem) const;
  CertificateFiles files() const { return {path("cert.pem"), path("key.pem")}; }
};

}  // namespace stile::server::test
