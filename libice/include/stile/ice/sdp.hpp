#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "stile/ice/agent.hpp"

namespace stile::ice {

/// Where the data of a component that is Completed goes (RFC 8839 §5.2).
struct RemoteCandidate {
  std::uint16_t component = 1;
  TransportAddress address;
  friend bool operator==(const RemoteCandidate&, const RemoteCandidate&) = default;
};

/// A candidate line that is of no use, and why: RFC 8839 §5.1 has it ignored.
struct IgnoredCandidate {
  std::string line;
  std::string reason;
};

/// What SDP says of ICE for one data stream (RFC 8839 §5, RFC 8840 §8.2).
struct StreamDescription {
  Parameters parameters;  ///< no ufrag: the stream does not use ICE
  std::vector<Candidate> candidates;
  std::vector<IgnoredCandidate> ignored;
  std::vector<RemoteCandidate> remote_candidates;
  bool end_of_candidates = false;
  bool mismatch = false;  ///< a=ice-mismatch: ICE must not be used for this stream
};

/// The streams (m= sections) of an SDP text, with what it says for all of them. A text without m=
/// is one stream: so a list of attributes, or a fragment of RFC 8840, can be read, too. Lines that
/// are not ICE's are skipped. The error is one line that quotes what is wrong.
std::expected<std::vector<StreamDescription>, std::string> parse_sdp(std::string_view text);

/// a=ice-lite, a=ice-pacing and a=ice-options: what belongs in front of the first m= section. Lines
/// end with CR LF.
std::string session_attributes(const Parameters& parameters);
/// a=ice-ufrag, a=ice-pwd, a=candidate, ...: what belongs into the stream's section.
std::string stream_attributes(const StreamDescription& stream);

}  // namespace stile::ice
