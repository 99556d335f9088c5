#include "stile/ice/sdp.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::ice;

namespace {

constexpr std::string_view offer =
    "v=0\r\n"
    "o=jdoe 2890844526 2890842807 IN IP4 203.0.113.141\r\n"
    "s=\r\n"
    "a=ice-options:ice2 trickle\r\n"
    "a=ice-pacing:50\r\n"
    "a=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
    "a=ice-ufrag:8hhY\r\n"
    "t=0 0\r\n"
    "m=audio 45664 RTP/AVP 0\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host\r\n"
    "a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998 "
    "generation 0\r\n"
    "a=candidate:3 1 UDP 2130706431 4f0d.local 8998 typ host\r\n"
    "a=end-of-candidates\r\n"
    "m=video 51372 RTP/AVP 31\r\n"
    "a=ice-ufrag:9uB6\r\n"
    "a=ice-pwd:YH75Fviy6338Vbrhrlp8Yh\r\n"
    "a=candidate:1 2 UDP 2130706430 203.0.113.141 8999 typ host\r\n"
    "a=remote-candidates:1 192.0.2.3 45664 2 192.0.2.3 45665\r\n";

std::string error_of(std::string_view text) {
  const auto streams = parse_sdp(text);
  return streams ? std::string() : streams.error();
}

}  // namespace

TEST_CASE("sdp: what is said for the session holds for each stream that says nothing else",
          "[ice][rfc8839-5.4]") {
  const auto streams = parse_sdp(offer);
  REQUIRE(streams);
  REQUIRE(streams->size() == 2);
  const StreamDescription& audio = (*streams)[0];
  const StreamDescription& video = (*streams)[1];
  CHECK(audio.parameters.credentials.ufrag == "8hhY");
  CHECK(audio.parameters.credentials.pwd == "asd88fgpdd777uzjYhagZg");
  CHECK(video.parameters.credentials.ufrag == "9uB6");
  CHECK(video.parameters.credentials.pwd == "YH75Fviy6338Vbrhrlp8Yh");
  CHECK(video.parameters.has_option("ice2"));
  CHECK(audio.parameters.pacing == std::chrono::milliseconds(50));
  CHECK_FALSE(audio.parameters.lite);
}

TEST_CASE("sdp: candidates keep what nobody knows, and name their stream", "[ice][rfc8839-5.1]") {
  const auto streams = parse_sdp(offer);
  REQUIRE(streams);
  const StreamDescription& audio = (*streams)[0];
  REQUIRE(audio.candidates.size() == 2);
  CHECK(audio.candidates[1].extensions ==
        std::vector<std::pair<std::string, std::string>>{{"generation", "0"}});
  CHECK((*streams)[1].candidates[0].stream == 2);
  CHECK((*streams)[1].candidates[0].component == 2);
  CHECK(audio.end_of_candidates);
  CHECK_FALSE((*streams)[1].end_of_candidates);
}

TEST_CASE("sdp: a candidate with a host name is ignored, and it is said why",
          "[ice][rfc8839-5.1]") {
  const auto streams = parse_sdp(offer);
  REQUIRE(streams);
  REQUIRE((*streams)[0].ignored.size() == 1);
  CHECK((*streams)[0].ignored[0].reason == "candidate: '4f0d.local' is not an IP address");
}

TEST_CASE("sdp: remote-candidates are read", "[ice][rfc8839-5.2]") {
  const auto streams = parse_sdp(offer);
  REQUIRE(streams);
  const TransportAddress rtp = *TransportAddress::parse("192.0.2.3:45664");
  const TransportAddress rtcp = *TransportAddress::parse("192.0.2.3:45665");
  CHECK((*streams)[1].remote_candidates == std::vector<RemoteCandidate>{{1, rtp}, {2, rtcp}});
}

TEST_CASE("sdp: attributes alone are one stream", "[ice][rfc8839-5.3]") {
  const auto streams =
      parse_sdp("a=ice-lite\na=ice-mismatch\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n");
  REQUIRE(streams);
  REQUIRE(streams->size() == 1);
  CHECK(streams->front().parameters.lite);
  CHECK(streams->front().mismatch);
}

TEST_CASE("sdp: what is written is read again", "[ice][rfc8839-5]") {
  const auto streams = parse_sdp(offer);
  REQUIRE(streams);
  Parameters lite = streams->front().parameters;
  lite.lite = true;
  std::string text = session_attributes(lite);
  for (const StreamDescription& stream : *streams)
    text += "m=audio 9 UDP 0\r\n" + stream_attributes(stream);
  CHECK(text.starts_with("a=ice-lite\r\na=ice-pacing:50\r\na=ice-options:ice2 trickle\r\nm="));
  const auto again = parse_sdp(text);
  REQUIRE(again);
  REQUIRE(again->size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK((*again)[i].candidates == (*streams)[i].candidates);
    CHECK((*again)[i].remote_candidates == (*streams)[i].remote_candidates);
    CHECK((*again)[i].end_of_candidates == (*streams)[i].end_of_candidates);
    CHECK((*again)[i].parameters.credentials.pwd == (*streams)[i].parameters.credentials.pwd);
    CHECK((*again)[i].parameters.lite);
  }
}

TEST_CASE("sdp: what is wrong is quoted", "[ice][rfc8839-5.4][rfc8839-5.5]") {
  CHECK(error_of("a=ice-ufrag:abc\r\n") ==
        "'a=ice-ufrag:abc': the ufrag is not 4 to 256 ice-chars");
  CHECK(error_of("a=ice-pwd:tooshort\r\n") ==
        "'a=ice-pwd:tooshort': the password is not 22 to 256 ice-chars");
  CHECK(error_of("a=ice-pacing:soon") ==
        "'a=ice-pacing:soon': the pacing is not a number of milliseconds");
  CHECK(error_of("a=ice-options:") == "'a=ice-options:': there are no options, or too many");
  CHECK(error_of("a=remote-candidates:1 192.0.2.3") != "");
  CHECK(error_of("a=ice-ufrag:abcd") == "ice-ufrag and ice-pwd are not there both");
  const std::string one = "m=a\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n";
  const std::string other = "m=a\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678902\n";
  CHECK(error_of(one + one).empty());
  CHECK(error_of(one + other) == "two streams have one ufrag and two passwords");
  CHECK(error_of(std::string(300 * 1024, 'a')) == "the text is longer than 256 KiB");
}

TEST_CASE("sdp: cut at every length it is read or refused", "[ice][rfc8839-5]") {
  std::size_t read = 0;
  for (std::size_t size = 0; size <= offer.size(); ++size)
    if (parse_sdp(offer.substr(0, size))) ++read;
  CHECK(read > 0);
  CHECK(read < offer.size());
}
