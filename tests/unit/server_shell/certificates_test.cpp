#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "server/shell/certificates.hpp"
#include "server/shell/start_error.hpp"
#include "tests/unit/server_shell/test_certificate.hpp"

using namespace stile::server;
using namespace stile::server::test;
using Catch::Matchers::Contains;

namespace {

std::string refusal(const CertificateFiles& files) {
  try {
    const Certificates certificates(files);
  } catch (const StartError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("server: a certificate that cannot be used is refused in one line",
          "[server][certificates]") {
  const CertificateFolder folder;
  CHECK(refusal(folder.files()) == "none");
  CHECK_THAT(refusal({folder.path("missing.pem"), folder.path("key.pem")}),
             Contains("cannot read the certificate") &&
                 Contains("missing.pem: No such file or directory"));
  CHECK_THAT(refusal({folder.path("cert.pem"), folder.path("missing.pem")}),
             Contains("cannot read the key"));
  folder.write("text.pem", "no PEM at all");
  CHECK_THAT(refusal({folder.path("text.pem"), folder.path("key.pem")}),
             Contains("cannot use the certificate"));
  CHECK_THAT(refusal({folder.path("cert.pem"), folder.path("text.pem")}),
             Contains("cannot use the key"));
  folder.write("other.pem", make_certificate("other").key);
  CHECK_THAT(refusal({folder.path("cert.pem"), folder.path("other.pem")}),
             Contains("other.pem: it is not the certificate's"));
  for (const char* line : {"missing.pem", "text.pem", "other.pem"})
    CHECK(refusal({folder.path(line), folder.path("key.pem")}).find('\n') == std::string::npos);
}

TEST_CASE("server: a certificate that has changed is taken, the old one is kept by whom it serves",
          "[server][certificates]") {
  const CertificateFolder folder("old");
  Certificates certificates(folder.files());
  const auto before = certificates.current();
  CHECK_FALSE(certificates.reload_if_changed());
  folder.put(make_certificate("a new and longer name"));
  CHECK_THAT(certificates.reload_if_changed().value(), Contains("is in force"));
  CHECK(certificates.current() != before);
  CHECK(before->tls() != nullptr);
  CHECK_FALSE(certificates.reload_if_changed());
}

TEST_CASE("server: a bad new certificate changes nothing, and is told of once",
          "[server][certificates]") {
  const CertificateFolder folder;
  Certificates certificates(folder.files());
  const auto before = certificates.current();
  folder.write("cert.pem", "half a fi");
  CHECK_THAT(certificates.reload_if_changed().value(), Contains("the old certificate stays"));
  CHECK(certificates.current() == before);
  CHECK_FALSE(certificates.reload_if_changed());
  CHECK_THAT(certificates.reload(), Contains("the old certificate stays"));
}

TEST_CASE("server: a certificate and its key may be replaced one after the other",
          "[server][certificates]") {
  const CertificateFolder folder;
  Certificates certificates(folder.files());
  const auto before = certificates.current();
  const Pem fresh = make_certificate("fresh");
  folder.write("cert.pem", fresh.certificate);
  CHECK_THAT(certificates.reload_if_changed().value(), Contains("the old certificate stays"));
  folder.write("key.pem", fresh.key + "\n");
  CHECK_THAT(certificates.reload_if_changed().value(), Contains("is in force"));
  CHECK(certificates.current() != before);
}

TEST_CASE("server: a symbolic link turned to another certificate is noticed",
          "[server][certificates]") {
  const CertificateFolder first, second;
  const TemporaryFolder links;
  const auto turn_to = [&](const CertificateFolder& folder) {
    for (const char* name : {"cert.pem", "key.pem"}) {
      std::filesystem::remove(links.path(name));
      std::filesystem::create_symlink(folder.path(name), links.path(name));
    }
  };
  turn_to(first);
  Certificates certificates({links.path("cert.pem"), links.path("key.pem")});
  turn_to(second);
  CHECK_THAT(certificates.reload_if_changed().value(), Contains("is in force"));
}
