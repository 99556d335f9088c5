#include "server/shell/certificates.hpp"

#include "server/shell/file_stamp.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

Certificates::Certificates(CertificateFiles files) : files_(std::move(files)), read_(stamp()) {
  auto loaded = TlsContext::load(files_);
  if (!loaded)
    throw StartError(loaded.error() + "; give --cert and --key PEM files that belong together");
  current_ = std::make_shared<const TlsContext>(std::move(*loaded));
}

std::shared_ptr<const TlsContext> Certificates::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void Certificates::replace(Certificates&& other) {
  files_ = std::move(other.files_);
  read_ = std::move(other.read_);
  const std::lock_guard lock(mutex_);
  current_.swap(other.current_);
}

std::string Certificates::reload() {
  read_ = stamp();
  auto loaded = TlsContext::load(files_);
  if (!loaded) return loaded.error() + "; the old certificate stays";
  auto fresh = std::make_shared<const TlsContext>(std::move(*loaded));
  const std::lock_guard lock(mutex_);
  current_.swap(fresh);
  return "the certificate " + files_.certificate + " is in force";
}

std::optional<std::string> Certificates::reload_if_changed() {
  if (stamp() == read_) return std::nullopt;
  return reload();
}

std::string Certificates::stamp() const {
  return file_stamp(files_.certificate) + " " + file_stamp(files_.key);
}

}  // namespace stile::server
