#include <catch2/catch.hpp>

#include "nat/upnp/callback_url.hpp"

namespace stile::nat::upnp {

namespace {

const IpAddress host = IpAddress::v4(192, 168, 1, 10);

/// `ADDRESS:PORT PATH`, or nothing.
std::string read(std::string_view field) {
  const auto url = callback_url(field, host);
  return url ? url->address.to_string() + " " + url->path : "";
}

}  // namespace

TEST_CASE("upnp callback: address, port and path", "[upnp][events]") {
  CHECK(read("<http://192.168.1.10:5000/a/b?c=d>") == "192.168.1.10:5000 /a/b?c=d");
  CHECK(read("<HTTP://192.168.1.10/>") == "192.168.1.10:80 /");
  CHECK(read("<http://192.168.1.10>") == "192.168.1.10:80 /");
  CHECK(read(" <http://192.168.1.10:1> ") == "192.168.1.10:1 /");
}

TEST_CASE("upnp callback: the first URL that counts", "[upnp][events]") {
  CHECK(read("<http://[fe80::1]:5000/><http://192.168.1.10:5000/>") == "192.168.1.10:5000 /");
  CHECK(read("<http://192.168.1.10:1/> <http://192.168.1.10:2/>") == "192.168.1.10:1 /");
  CHECK(read("<http://192.168.1.11/>").empty());
}

TEST_CASE("upnp callback: what is no URL of the kind", "[upnp][events]") {
  for (const std::string_view field : {"",
                                       "<>",
                                       "<",
                                       ">",
                                       "<<http://192.168.1.10/>",
                                       "http://192.168.1.10/",
                                       "<http://192.168.1.10/",
                                       "<http://>",
                                       "<http:///>",
                                       "<http:/192.168.1.10/>",
                                       "<http://192.168.1.10:0/>",
                                       "<http://192.168.1.10:65536/>",
                                       "<http://192.168.1.10:/>",
                                       "<http://192.168.1.10:+1/>",
                                       "<http://0300.168.1.10/>",
                                       "<http://3232235786/>",
                                       "<http://192.168.1.10?x>",
                                       "<http://192.168.1.10/a b>",
                                       "<http://192.168.1.10/a\tb>",
                                       "<http://192.168.1.10/a\r\nX: y>",
                                       "<http://192.168.1.10/\xc3\xa4>"}) {
    INFO(field);
    CHECK(read(field).empty());
  }
}

TEST_CASE("upnp callback: a URL has at most 256 bytes", "[upnp][events]") {
  const std::string url = "http://192.168.1.10/";
  const auto long_one = [&](std::size_t length) {
    return "<" + url + std::string(length - url.size(), 'x') + ">";
  };
  CHECK(callback_url(long_one(max_callback_url), host));
  CHECK_FALSE(callback_url(long_one(max_callback_url + 1), host));
}

}  // namespace stile::nat::upnp
