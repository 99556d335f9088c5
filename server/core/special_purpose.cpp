#include "server/core/special_purpose.hpp"

namespace stile::relay {

namespace {

constexpr std::string_view prefixes[] = {
    "0.0.0.0/8",           // this network; 0.0.0.0 reaches the host itself
    "10.0.0.0/8",          // private use
    "100.64.0.0/10",       // shared address space of carrier-grade NAT
    "127.0.0.0/8",         // loopback
    "169.254.0.0/16",      // link local, cloud metadata
    "172.16.0.0/12",       // private use
    "192.0.0.0/24",        // IETF protocol assignments
    "192.0.2.0/24",        // documentation
    "192.31.196.0/24",     // AS112
    "192.52.193.0/24",     // AMT
    "192.88.99.0/24",      // 6to4 relay anycast
    "192.168.0.0/16",      // private use
    "192.175.48.0/24",     // AS112 direct delegation
    "198.18.0.0/15",       // benchmarking
    "198.51.100.0/24",     // documentation
    "203.0.113.0/24",      // documentation
    "224.0.0.0/4",         // multicast
    "240.0.0.0/4",         // reserved
    "255.255.255.255/32",  // limited broadcast
    "::/3",                // not global unicast, which is 2000::/3 (RFC 4291 §2.4)
    "4000::/2",            // likewise
    "8000::/1",            // likewise
    "::/96",               // unspecified, loopback, IPv4-compatible
    "::ffff:0:0:0/96",     // IPv4-translated
    "64:ff9b:1::/48",      // local-use translation
    "100::/64",            // discard only
    "100:0:0:1::/64",      // dummy prefix
    "2001::/23",           // IETF protocol assignments, Teredo, ORCHID, benchmarking
    "2001:db8::/32",       // documentation
    "2002::/16",           // 6to4 (RFC 8656 §21.4)
    "2620:4f:8000::/48",   // AS112 direct delegation
    "3fff::/20",           // documentation
    "5f00::/16",           // segment routing
    "fc00::/7",            // unique local
    "fe80::/10",           // link local
    "fec0::/10",           // site local
    "ff00::/8",            // multicast
};

}  // namespace

std::span<const std::string_view> special_purpose_prefixes() {
  return prefixes;
}

}  // namespace stile::relay
