#include <catch2/catch.hpp>
#include <sstream>

#include "server/import/coturn_import.hpp"

using namespace stile::server;

namespace {

CoturnImport import(const std::string& text) {
  std::istringstream file(text);
  return import_coturn(CoturnFile(file));
}

/// Without the comment at the head.
std::string toml(const std::string& text) {
  const std::string whole = import(text).toml;
  return whole.substr(whole.find("\n\n") + 2);
}

std::vector<std::string> remarks(const std::string& text) {
  std::vector<std::string> texts;
  for (const auto& [line, remark] : import(text).remarks)
    texts.push_back(std::to_string(line) + ": " + remark);
  return texts;
}

void check_remark(const std::string& text, const std::string& start) {
  const auto all = remarks(text);
  REQUIRE(all.size() == 1);
  CHECK_THAT(all.front(), Catch::StartsWith(start));
}

const std::string everywhere = "listen = [\n  \"0.0.0.0:3478\",\n  \"[::]:3478\",\n]\n";

}  // namespace

TEST_CASE("import: coturn's file is read as coturn reads it", "[import]") {
  std::istringstream file(
      "# realm=no\n\n  realm=a.example  \nuser \t bob:pass word\r\ncipher-list=\"DEFAULT\"\n"
      "static-auth-secret = x=y#z\nlt-cred-mech\n");
  const auto settings = CoturnFile(file).settings();
  REQUIRE(settings.size() == 5);
  const auto is = [&](std::size_t i, unsigned line, const char* key, const char* value) {
    CHECK(settings[i].line == line);
    CHECK(settings[i].key == key);
    CHECK(settings[i].value == value);
  };
  is(0, 3, "realm", "a.example");
  is(1, 4, "user", "bob:pass word");
  is(2, 5, "cipher-list", "DEFAULT");
  is(3, 6, "static-auth-secret", "x=y#z");
  is(4, 7, "lt-cred-mech", "");
}

TEST_CASE("import: a WebRTC relay with a REST secret", "[import]") {
  const auto result = import(R"(# /etc/turnserver.conf
listening-port=3478
tls-listening-port=5349
listening-ip=203.0.113.10
listening-ip=2001:db8::10
external-ip=198.51.100.4/203.0.113.10
min-port=50000
max-port=59999
fingerprint
lt-cred-mech
use-auth-secret
static-auth-secret=north
realm=turn.example.org
user-quota=12
total-quota=1200
stale-nonce=600
cert=/etc/ssl/turn.pem
pkey=/etc/ssl/turn.key
no-multicast-peers
no-cli
no-tlsv1
no-tlsv1_1
no-tcp-relay
)");
  CHECK(result.remarks.empty());
  CHECK(result.toml.substr(result.toml.find("\n\n") + 2) == R"(listen = [
  "203.0.113.10:3478",
  "[2001:db8::10]:3478",
]
listen-tls = [
  "203.0.113.10:5349",
  "[2001:db8::10]:5349",
]
cert = "/etc/ssl/turn.pem"
key = "/etc/ssl/turn.key"
external-address = "198.51.100.4/203.0.113.10"
relay-ports = "50000-59999"
realm = "turn.example.org"
auth-secret = "north"
user-quota = 12
total-quota = 1200
nonce-lifetime = 600
tcp-relay = false
)");
}

TEST_CASE("import: users with passwords; a key is no password", "[import]") {
  const std::string text =
      "lt-cred-mech\nuser=alice:it's \"quoted\"\\\nuser=ninefingers:"
      "0xbc807ee29df3c9ffa736523fb2c4e8ee\nuser=bob:a:b\nuser=broken\n";
  CHECK(toml(text) ==
        everywhere + "user = [\n  \"alice:it's \\\"quoted\\\"\\\\\",\n  \"bob:a:b\",\n]\n");
  const auto all = remarks(text);
  REQUIRE(all.size() == 2);
  CHECK_THAT(all[0], Catch::StartsWith("3: user: 'ninefingers' has a key in place of a password"));
  CHECK(all[1] == "5: user: is not NAME:PASSWORD");
}

TEST_CASE("import: what is allowed is cut out of what is denied, as coturn decides", "[import]") {
  CHECK(toml("denied-peer-ip=10.0.0.0-10.255.255.255\nallowed-peer-ip=10.128.0.0-10.255.255.255\n"
             "denied-peer-ip=192.0.2.1\n") ==
        everywhere +
            "allow-peer = \"10.128.0.0/9\"\n"
            "deny-peer = [\n  \"10.0.0.0/9\",\n  \"192.0.2.1/32\",\n]\n");
  CHECK(toml("allow-loopback-peers\n") ==
        everywhere + "allow-peer = [\n  \"127.0.0.0/8\",\n  \"::1/128\",\n]\n");
  check_remark("realm=x\ndenied-peer-ip=somewhere\n",
               "2: denied-peer-ip: 'somewhere' is no address and no range");
}

TEST_CASE("import: behaviour discovery takes the first two addresses of a family", "[import]") {
  CHECK_THAT(toml("rfc5780\nlistening-ip=192.0.2.1\nlistening-ip=2001:db8::1\n"
                  "listening-ip=192.0.2.2\n"),
             Catch::EndsWith("behavior-discovery = true\n"
                             "alternate-address = \"192.0.2.2:3479\"\n"));
  CHECK_THAT(toml("alt-listening-port=4000\nlistening-ip=2001:db8::1\nlistening-ip=2001:db8::2\n"),
             Catch::EndsWith("alternate-address = \"[2001:db8::2]:4000\"\n"));
  check_remark("rfc5780\nlistening-ip=192.0.2.1\n", "1: rfc5780: behaviour discovery needs two");
}

TEST_CASE("import: alternate servers get every client, as coturn's do", "[import]") {
  CHECK(toml("alternate-server=192.0.2.1\nalternate-server=[2001:db8::1]:5000\n") ==
        everywhere +
            "alternate-server = [\n  \"192.0.2.1:3478\",\n  \"[2001:db8::1]:5000\",\n]\n"
            "redirect-always = true\n");
  check_remark("tls-alternate-server=192.0.2.1\n",
               "1: tls-alternate-server: alternate servers are the same");
}

TEST_CASE("import: TLS is where coturn has it", "[import]") {
  const std::string files = "cert=c.pem\npkey=k.pem\nlistening-ip=192.0.2.1\n";
  const std::string listen = "listen = \"192.0.2.1:3478\"\n";
  CHECK(toml(files) ==
        listen + "listen-tls = \"192.0.2.1:5349\"\ncert = \"c.pem\"\nkey = \"k.pem\"\n");
  CHECK(toml(files + "no-tls\nno-dtls\n") == listen);
  check_remark(files + "no-dtls\n", "4: no-dtls: a port with TLS has DTLS as well");
  check_remark("cert=c.pem\n", "1: cert: TLS needs both");
}

TEST_CASE("import: what cannot be carried over is named with its line", "[import]") {
  CHECK(toml("userdb=/var/lib/turn/turndb\n") == everywhere);
  check_remark("\nuserdb=/var/lib/turn/turndb\n", "2: userdb: users and secrets of a database");
  check_remark("# a\n# b\nsecure-stun\n", "3: secure-stun: ");
  check_remark("no-such-key=1\n", "1: no-such-key: coturn has no such key");
  check_remark("stale-nonce=7\n", "1: stale-nonce: '7' is not from 60 to 86400; taken as 60");
  check_remark("stale-nonce=0\n", "1: stale-nonce: a nonce lives for a day at most");
  check_remark("use-auth-secret\n", "1: use-auth-secret: the secret is in a database");
  check_remark("listening-port=99999\nrfc5780\nlistening-ip=::1\nlistening-ip=::2\n",
               "1: listening-port: '99999' is not from 1 to 65535");
  CHECK(remarks("web-admin=0\nno-auth=false\n").empty());
  CHECK(remarks("log-file=/var/log/turn.log\nproc-user=turn\npidfile=/run/x\n").size() == 3);
}

TEST_CASE("import: limits of bandwidth, and mobility", "[import]") {
  CHECK(toml("max-bps=64000\nbps-capacity=1000000\nmobility\n") ==
        everywhere + "max-bps = 64000\ntotal-max-bps = 1000000\nmobility = true\n");
}
