#include "server/shell/certificates.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "server/shell/start_error.hpp"

namespace stile::server {

Certificates::Certificates(CertificateFiles files) : files_(std::move(files)), read_(stamp()) {
  auto loaded = TlsContext::load(files_);
  if (!loaded) throw StartError(loaded.error() + "; give --cert and --key PEM files that belong together");
  current_ = std::make_shared<const TlsContext>(std::move(*loaded));
}

std::shared_ptr<const TlsContext> Certificates::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
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

/// Changes with the files, also where a symbolic link has been turned to others.
std::string Certificates::stamp() const {
  std::string stamp;
  for (const std::string& file : {files_.certificate, files_.key}) {
    struct stat status {};
    if (stat(file.c_str(), &status) == 0)
      stamp += fmt::format("{}:{}:{}.{}:{} ", status.st_dev, status.st_ino, status.st_mtim.tv_sec,
                           status.st_mtim.tv_nsec, status.st_size);
    else
      stamp += "- ";
  }
  return stamp;
}

}  // namespace stile::server
