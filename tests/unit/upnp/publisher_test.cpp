#include <catch2/catch.hpp>

#include <set>

#include "nat/upnp/publisher.hpp"

namespace stile::nat::upnp {

namespace {

using namespace std::chrono_literals;

const IpAddress host = IpAddress::v4(192, 168, 1, 10);
const IpAddress neighbour = IpAddress::v4(192, 168, 1, 11);
const IpPrefix home{host, 24};

SubscriptionFields wanted(const std::string& callback = "<http://192.168.1.10:5000/events>",
                          std::optional<std::string> timeout = {}) {
  return {callback, "upnp:event", {}, std::move(timeout)};
}
SubscriptionFields known(const std::string& sid, std::optional<std::string> timeout = {}) {
  return {{}, {}, sid, std::move(timeout)};
}

std::string field(const HttpResponse& response, std::string_view name) {
  for (const auto& [each, value] : response.fields)
    if (each == name) return value;
  return {};
}

class Bench {
 public:
  HttpResponse subscribe(const SubscriptionFields& fields = wanted(),
                         const IpAddress& from = host) {
    return publisher.handle_subscribe(now, from, EventedService::connection, fields);
  }
  HttpResponse unsubscribe(const SubscriptionFields& fields, const IpAddress& from = host) {
    return publisher.handle_unsubscribe(now, from, EventedService::connection, fields);
  }
  std::string subscriber() { return field(subscribe(), "SID"); }
  std::string subscriber_at(const IpAddress& ip) {
    return field(subscribe(wanted("<http://" + ip.to_string() + ">"), ip), "SID");
  }
  void look() {
    publisher.handle_timeout(now, [this](EventedService service, const IpAddress&) {
      return service == EventedService::connection ? connection : common;
    });
  }
  /// After the interval between two looks.
  void look_later() {
    now += Publisher::look_interval;
    look();
  }
  std::optional<Notification> next() { return publisher.poll_notification(); }
  void answer(const std::optional<Notification>& notification, unsigned status = 200) {
    REQUIRE(notification);
    publisher.handle_answer(now, notification->subscription, status);
  }
  /// Subscribes, and takes the initial event.
  std::string told_subscriber() {
    const std::string sid = subscriber();
    look_later();
    answer(next());
    return sid;
  }

  Results connection{{"Status", "Connected"}, {"Count", "0"}};
  Results common{{"Link", "Up"}};
  SeededRandom random{1};
  Instant now{1h};
  Publisher publisher{{home}, random};
};

bool says(const std::optional<Notification>& notification, const std::string& text) {
  INFO((notification ? notification->message : "nothing"));
  return notification && notification->message.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("upnp events: a subscriber is told of all variables at once", "[upnp][events]") {
  Bench bench;
  const HttpResponse accepted = bench.subscribe();
  CHECK(accepted.status == 200);
  const std::string sid = field(accepted, "SID");
  CHECK(sid.starts_with("uuid:"));
  CHECK(sid.size() == std::string("uuid:12345678-1234-1234-1234-123456789abc").size());
  CHECK(field(accepted, "TIMEOUT") == "Second-1800");
  CHECK(bench.publisher.poll_timeout() == bench.now);
  bench.look();
  const auto event = bench.next();
  REQUIRE(event);
  CHECK(event->to == TransportAddress{host, 5000});
  CHECK(event->message ==
        "NOTIFY /events HTTP/1.1\r\nHOST: 192.168.1.10:5000\r\n"
        "CONTENT-TYPE: text/xml; charset=\"utf-8\"\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\n"
        "SID: " +
            sid +
            "\r\nSEQ: 0\r\nCONTENT-LENGTH: 185\r\nCONNECTION: close\r\n\r\n"
            "<?xml version=\"1.0\"?><e:propertyset xmlns:e=\"urn:schemas-upnp-org:event-1-0\">"
            "<e:property><Status>Connected</Status></e:property>"
            "<e:property><Count>0</Count></e:property></e:propertyset>");
  CHECK_FALSE(bench.next());
}

TEST_CASE("upnp events: later ones have what has changed, and are numbered", "[upnp][events]") {
  Bench bench;
  bench.told_subscriber();
  bench.look_later();
  CHECK_FALSE(bench.next());
  bench.connection[1].second = "1";
  bench.look_later();
  const auto first = bench.next();
  CHECK(says(first, "\r\nSEQ: 1\r\n"));
  CHECK(says(first, "<Count>1</Count>"));
  CHECK_FALSE(says(first, "<Status>"));
  bench.answer(first);
  bench.connection = {{"Status", "Disconnected"}, {"Count", "0"}};
  bench.look_later();
  const auto second = bench.next();
  CHECK(says(second, "\r\nSEQ: 2\r\n"));
  CHECK(says(second, "<Status>Disconnected</Status>"));
  CHECK(says(second, "<Count>0</Count>"));
}

TEST_CASE("upnp events: a service's subscribers hear of that one only", "[upnp][events]") {
  Bench bench;
  bench.publisher.handle_subscribe(bench.now, host, EventedService::common, wanted());
  bench.look();
  const auto initial = bench.next();
  CHECK(says(initial, "<Link>Up</Link>"));
  CHECK_FALSE(says(initial, "<Status>"));
  bench.answer(initial);
  bench.connection[1].second = "1";
  bench.look_later();
  CHECK_FALSE(bench.next());
}

TEST_CASE("upnp events: changes that follow one another closely come in one", "[upnp][events]") {
  Bench bench;
  bench.told_subscriber();
  const Instant looked = bench.now;
  bench.connection[1].second = "1";
  bench.now += 1ms;
  bench.look();
  CHECK_FALSE(bench.next());
  CHECK(bench.publisher.poll_timeout() == looked + Publisher::look_interval);
  bench.connection[1].second = "2";
  bench.now = bench.publisher.poll_timeout();
  bench.look();
  CHECK(says(bench.next(), "<Count>2</Count>"));
  CHECK_FALSE(bench.next());
}

TEST_CASE("upnp events: one message of a subscription at a time", "[upnp][events]") {
  Bench bench;
  bench.subscriber();
  bench.look();
  const auto initial = bench.next();
  bench.connection[1].second = "1";
  bench.look_later();
  CHECK_FALSE(bench.next());
  bench.connection[1].second = "2";
  bench.look_later();
  CHECK_FALSE(bench.next());
  bench.answer(initial);
  const auto event = bench.next();
  CHECK(says(event, "\r\nSEQ: 1\r\n"));
  CHECK(says(event, "<Count>2</Count>"));
}

TEST_CASE("upnp events: a change that is taken back is none", "[upnp][events]") {
  Bench bench;
  bench.subscriber();
  bench.look();
  const auto initial = bench.next();
  bench.connection[1].second = "1";
  bench.look_later();
  bench.connection[1].second = "0";
  bench.look_later();
  bench.answer(initial);
  CHECK_FALSE(bench.next());
}

TEST_CASE("upnp events: who does not answer is told of what comes next", "[upnp][events]") {
  Bench bench;
  bench.subscriber();
  bench.look();
  bench.answer(bench.next(), 0);
  CHECK(bench.publisher.counters().events_lost == 1);
  bench.connection[1].second = "1";
  bench.look_later();
  CHECK(says(bench.next(), "\r\nSEQ: 1\r\n"));
}

TEST_CASE("upnp events: a subscription that its subscriber does not know ends", "[upnp][events]") {
  Bench bench;
  bench.subscriber();
  bench.look();
  bench.answer(bench.next(), 412);
  CHECK(bench.publisher.subscription_count() == 0);
}

TEST_CASE("upnp events: who has waited longest is first", "[upnp][events]") {
  Bench bench;
  bench.subscriber();
  bench.look();
  const auto slow = bench.next();
  bench.subscriber_at(neighbour);
  bench.look_later();
  // The first one has something to hear again, and is no sooner there than the second one.
  bench.connection[1].second = "1";
  bench.look_later();
  bench.answer(slow);
  CHECK(bench.next()->to.ip == neighbour);
  CHECK(bench.next()->to.ip == host);
}

TEST_CASE("upnp events: a renewed subscription goes on, another one ends", "[upnp][events]") {
  Bench bench;
  const std::string sid = bench.told_subscriber();
  const Instant end = bench.now - Publisher::look_interval + 1800s;
  CHECK(bench.publisher.poll_timeout() == end);
  bench.now += 1000s;
  const HttpResponse renewed = bench.subscribe(known(sid, "Second-600"));
  CHECK(renewed.status == 200);
  CHECK(field(renewed, "SID") == sid);
  CHECK(field(renewed, "TIMEOUT") == "Second-600");
  bench.connection[1].second = "1";
  bench.look();
  CHECK(says(bench.next(), "\r\nSEQ: 1\r\n"));
  bench.now += 600s;
  CHECK(bench.subscribe(known(sid)).status == 412);
  CHECK(bench.publisher.subscription_count() == 0);
  bench.look();
  CHECK(bench.publisher.poll_timeout() == never);
}

TEST_CASE("upnp events: nothing is sent after the end", "[upnp][events]") {
  Bench bench;
  const std::string sid = bench.told_subscriber();
  bench.connection[1].second = "1";
  bench.look_later();
  CHECK(bench.unsubscribe(known(sid)).status == 200);
  CHECK_FALSE(bench.next());
  CHECK(bench.unsubscribe(known(sid)).status == 412);
  bench.subscribe();
  bench.now += 1800s;
  bench.look();
  CHECK_FALSE(bench.next());
}

TEST_CASE("upnp events: an answer that comes after the end is for nobody", "[upnp][events]") {
  Bench bench;
  const std::string sid = bench.subscriber();
  bench.look();
  const auto initial = bench.next();
  bench.unsubscribe(known(sid));
  bench.subscriber();
  bench.answer(initial, 412);
  CHECK(bench.publisher.subscription_count() == 1);
}

TEST_CASE("upnp events: how long a subscription lasts", "[upnp][events]") {
  const auto granted = [](std::optional<std::string> timeout) {
    Bench bench;
    return field(bench.subscribe(wanted("<http://192.168.1.10:5000/>", std::move(timeout))),
                 "TIMEOUT");
  };
  CHECK(granted("Second-300") == "Second-300");
  CHECK(granted("second-300") == "Second-300");
  CHECK(granted("Second-0") == "Second-60");
  CHECK(granted("Second-1801") == "Second-1800");
  CHECK(granted("Second-99999999999999999999") == "Second-1800");
  CHECK(granted("Second-infinite") == "Second-1800");
  CHECK(granted("Second-") == "Second-1800");
  CHECK(granted("Second-300x") == "Second-1800");
  CHECK(granted("Second--1") == "Second-1800");
  CHECK(granted("") == "Second-1800");
}

TEST_CASE("upnp events: header fields that contradict one another", "[upnp][events]") {
  Bench bench;
  const std::string sid = bench.subscriber();
  const SubscriptionFields nt_too{{}, "upnp:event", sid, {}};
  const SubscriptionFields callback_too{"<http://192.168.1.10/>", {}, sid, {}};
  for (const SubscriptionFields& fields : {nt_too, callback_too}) {
    CHECK(bench.subscribe(fields).status == 400);
    CHECK(bench.unsubscribe(fields).status == 400);
  }
  CHECK(bench.publisher.subscription_count() == 1);
  CHECK(bench.publisher.counters().requests_refused == 4);
}

TEST_CASE("upnp events: header fields that are missing or wrong", "[upnp][events]") {
  Bench bench;
  const std::string url = "<http://192.168.1.10:5000/>";
  CHECK(bench.subscribe({}).status == 412);
  CHECK(bench.subscribe({url, {}, {}, {}}).status == 412);
  CHECK(bench.subscribe({url, "upnp:propchange", {}, {}}).status == 412);
  CHECK(bench.subscribe({{}, "upnp:event", {}, {}}).status == 412);
  CHECK(bench.subscribe(known("")).status == 412);
  CHECK(bench.subscribe(known("uuid:12345678-1234-4234-8234-123456789abc")).status == 412);
  CHECK(bench.unsubscribe({}).status == 412);
  CHECK(bench.unsubscribe(known("")).status == 412);
  CHECK(bench.publisher.subscription_count() == 0);
}

TEST_CASE("upnp events: a subscription is its subscriber's, and its service's", "[upnp][events]") {
  Bench bench;
  const std::string sid = bench.subscriber();
  CHECK(bench.subscribe(known(sid), neighbour).status == 412);
  CHECK(bench.unsubscribe(known(sid), neighbour).status == 412);
  CHECK(bench.publisher.handle_subscribe(bench.now, host, EventedService::common, known(sid))
            .status == 412);
  CHECK(bench.publisher.handle_unsubscribe(bench.now, host, EventedService::common, known(sid))
            .status == 412);
  CHECK(bench.subscribe(known(sid)).status == 200);
}

TEST_CASE("upnp events: events go to their subscriber only", "[upnp][events][cve-2020-12695]") {
  Bench bench;
  for (const std::string url :
       {"<http://192.168.1.11:5000/>", "<http://203.0.113.9/>", "<http://127.0.0.1:5000/>",
        "<http://host.example:5000/>", "<http://192.168.1.10@203.0.113.9/>",
        "<http://192.168.1.10.example/>", "<https://192.168.1.10/>"})
    CHECK(bench.subscribe(wanted(url)).status == 412);
  const IpAddress stranger = IpAddress::v4(203, 0, 113, 9);
  CHECK(bench.subscribe(wanted("<http://203.0.113.9:5000/>"), stranger).status == 412);
  CHECK(bench.publisher.subscription_count() == 0);
}

TEST_CASE("upnp events: a host has a few subscriptions, and all have some more", "[upnp][events]") {
  Bench bench;
  std::set<std::string> sids;
  for (std::size_t i = 0; i < Publisher::max_per_host; ++i) sids.insert(bench.subscriber());
  CHECK(sids.size() == Publisher::max_per_host);
  CHECK(bench.subscribe().status == 503);
  CHECK(bench.subscribe(known(*sids.begin())).status == 200);
  CHECK(bench.unsubscribe(known(*sids.begin())).status == 200);
  CHECK(bench.subscribe().status == 200);

  for (std::uint8_t i = 0; bench.publisher.subscription_count() < Publisher::max_subscriptions; ++i)
    CHECK_FALSE(bench.subscriber_at(IpAddress::v4(192, 168, 1, 100 + i)).empty());
  CHECK(bench.subscribe(wanted("<http://192.168.1.11/>"), neighbour).status == 503);
  bench.now += 1800s;
  CHECK(bench.subscribe(wanted("<http://192.168.1.11/>"), neighbour).status == 200);
}

}  // namespace stile::nat::upnp
