#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "server/shell/tls_context.hpp"

namespace stile::server {

/// The certificate in force, for all workers. Connections keep the one that they started under.
class Certificates {
 public:
  /// Throws StartError if the files cannot be used.
  explicit Certificates(CertificateFiles files);

  std::shared_ptr<const TlsContext> current() const;

  /// From now on the other one's certificate and files count.
  void replace(Certificates&& other);
  /// Takes the files as they are now. One line for the log; what cannot be used changes nothing.
  std::string reload();
  /// The same if the files are others than when they were last read.
  std::optional<std::string> reload_if_changed();

 private:
  std::string stamp() const;

  CertificateFiles files_;
  std::string read_;  ///< the files' stamp when they were last read
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsContext> current_;
};

}  // namespace stile::server
