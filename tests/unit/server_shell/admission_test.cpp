#include <catch2/catch.hpp>

#include "server/shell/admission.hpp"

using namespace stile;
using namespace stile::server;

namespace {

struct Door {
  explicit Door(std::size_t all = 4, std::size_t per_prefix = 3) : admission({all, per_prefix}) {}
  Admission::Verdict admit(Admission::Slot slot, const char* source) {
    return admission.admit(slot, IpAddress::parse(source).value());
  }
  Admission admission;
};

}  // namespace

TEST_CASE_METHOD(Door,
                 "server: a full prefix makes room at the cost of its oldest silent connection",
                 "[server][admission]") {
  CHECK(admit(0, "198.51.100.1").admitted);
  for (const Admission::Slot slot : {1u, 2u, 3u})
    CHECK(admit(slot, "192.0.2.1").admitted == (slot < 4));
  const auto verdict = admit(4, "192.0.2.200");
  CHECK(verdict.admitted);
  CHECK(verdict.evicted == 1u);
  CHECK(admission.size() == 4);
}

TEST_CASE_METHOD(Door, "server: who has proven himself is not put out", "[server][admission]") {
  for (const Admission::Slot slot : {0u, 1u, 2u}) admit(slot, "192.0.2.1");
  admission.prove(0);
  CHECK(admit(3, "192.0.2.1").evicted == 1u);
  admission.prove(2);
  admission.prove(3);
  const auto verdict = admit(4, "192.0.2.1");
  CHECK_FALSE(verdict.admitted);
  CHECK_FALSE(verdict.evicted);
  admission.leave(2);
  CHECK(admit(4, "192.0.2.1").admitted);
}

TEST_CASE_METHOD(Door, "server: a full house makes room at the cost of whoever is silent longest",
                 "[server][admission]") {
  admit(0, "192.0.2.1");
  admit(1, "198.51.100.1");
  admit(2, "203.0.113.1");
  admit(3, "2001:db8::1");
  CHECK(admit(4, "2001:db8:1::1").evicted == 0u);
  admission.leave(1);
  CHECK_FALSE(admit(5, "192.0.2.1").evicted);
  CHECK(admission.size() == 4);
}

TEST_CASE_METHOD(Door, "server: prefixes are /24 of IPv4 and /56 of IPv6", "[server][admission]") {
  Door one(100, 1);
  CHECK_FALSE(one.admit(0, "192.0.2.1").evicted);
  CHECK_FALSE(one.admit(1, "192.0.3.1").evicted);
  CHECK(one.admit(2, "192.0.2.255").evicted == 0u);
  CHECK_FALSE(one.admit(3, "2001:db8:0:100::1").evicted);
  CHECK_FALSE(one.admit(4, "2001:db8:0:200::1").evicted);
  CHECK(one.admit(5, "2001:db8:0:1ff::2").evicted == 3u);
}

TEST_CASE_METHOD(Door, "server: leaving and proving what is not there changes nothing",
                 "[server][admission]") {
  admission.leave(7);
  admission.prove(7);
  admit(0, "192.0.2.1");
  admission.leave(0);
  admission.leave(0);
  CHECK(admission.size() == 0);
}
