#include <algorithm>

#include "ice/words.hpp"
#include "stile/ice/sdp.hpp"

namespace stile::ice {

namespace {

constexpr std::size_t longest_text = 256 * 1024;  ///< Limit: of an SDP text
constexpr std::size_t max_streams = 256;          ///< Limit: m= sections
constexpr std::size_t max_candidates =
    256;  ///< Limit: lines of each stream that are read, and options

std::unexpected<std::string> problem(std::string_view line, std::string_view what) {
  constexpr std::size_t enough = 80;
  return std::unexpected("'" + std::string(line.substr(0, enough)) + "': " + std::string(what));
}

/// RFC 8839 §5.4.
bool is_ice_text(std::string_view text, std::size_t least) {
  return text.size() >= least && text.size() <= 256 && std::ranges::all_of(text, is_ice_char);
}

void read_candidate(std::string_view line, StreamDescription& stream) {
  if (stream.candidates.size() + stream.ignored.size() >= max_candidates) return;
  auto candidate = Candidate::parse(line);
  if (candidate)
    stream.candidates.push_back(std::move(*candidate));
  else
    stream.ignored.push_back({std::string(line), candidate.error()});
}

bool read_remote_candidates(std::string_view value, StreamDescription& stream) {
  Words words(value);
  Words ahead = words;
  while (ahead.next()) {
    const auto component = words.number<std::uint16_t>(1, 256);
    const auto address = words.next();
    const auto ip = address ? IpAddress::parse(*address) : std::nullopt;
    const auto port = words.number<std::uint16_t>(0, 65535);
    if (!component || !ip || !port || stream.remote_candidates.size() >= max_candidates)
      return false;
    stream.remote_candidates.push_back({*component, {*ip, *port}});
    ahead = words;
  }
  return !stream.remote_candidates.empty();
}

bool read_options(std::string_view value, Parameters& parameters) {
  Words words(value);
  parameters.options.clear();
  while (const auto option = words.next()) {
    // Interop: RFC 8839 §5.6 has ice-chars only, and uses "rtp+ecn"; a hyphen, as in names of
    // WebRTC, is no harm.
    if (parameters.options.size() >= max_candidates) return false;
    parameters.options.emplace_back(*option);
  }
  return !parameters.options.empty();
}

/// One attribute, `name` or `name:value`. What is wrong with it, or nothing.
std::string_view read_attribute(std::string_view attribute, StreamDescription& stream) {
  const std::string_view name = attribute.substr(0, attribute.find(':'));
  const std::string_view value =
      name.size() < attribute.size() ? attribute.substr(name.size() + 1) : std::string_view();
  Parameters& parameters = stream.parameters;
  if (name == "candidate") {
    read_candidate(attribute, stream);
  } else if (name == "ice-ufrag") {
    if (!is_ice_text(value, 4)) return "the ufrag is not 4 to 256 ice-chars";
    parameters.credentials.ufrag = value;
  } else if (name == "ice-pwd") {
    if (!is_ice_text(value, 22)) return "the password is not 22 to 256 ice-chars";
    parameters.credentials.pwd = value;
  } else if (name == "ice-lite") {
    parameters.lite = true;
  } else if (name == "ice-mismatch") {
    stream.mismatch = true;
  } else if (name == "ice-options") {
    if (!read_options(value, parameters)) return "there are no options, or too many";
  } else if (name == "ice-pacing") {
    const auto ms = Words(value).number<std::uint32_t>(0, 4'000'000'000);
    if (!ms) return "the pacing is not a number of milliseconds";
    parameters.pacing = std::chrono::milliseconds(*ms);
  } else if (name == "remote-candidates") {
    if (!read_remote_candidates(value, stream))
      return "not component, address and port of each candidate";
  } else if (name == "end-of-candidates") {
    stream.end_of_candidates = true;
  }
  return {};
}

/// RFC 8839 §5.4: both or neither, and where the ufrag is one the password is one, too.
std::string_view check_credentials(const std::vector<StreamDescription>& streams) {
  for (const StreamDescription& stream : streams) {
    const Credentials& ours = stream.parameters.credentials;
    if (ours.ufrag.empty() != ours.pwd.empty()) return "ice-ufrag and ice-pwd are not there both";
    for (const StreamDescription& other : streams)
      if (other.parameters.credentials.ufrag == ours.ufrag &&
          other.parameters.credentials.pwd != ours.pwd)
        return "two streams have one ufrag and two passwords";
  }
  return {};
}

}  // namespace

std::expected<std::vector<StreamDescription>, std::string> parse_sdp(std::string_view text) {
  if (text.size() > longest_text) return std::unexpected("the text is longer than 256 KiB");
  std::vector<StreamDescription> streams(
      1);  // the first is the session level, until there is an m=
  StreamDescription session;
  bool in_stream = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("m=")) {
      if (!in_stream) session = std::exchange(streams.front(), {});
      if (!in_stream) streams.clear();
      in_stream = true;
      if (streams.size() >= max_streams) return problem(line, "there are too many streams");
      streams.push_back({.parameters = session.parameters});
    } else if (line.starts_with("a=")) {
      if (const auto wrong = read_attribute(line.substr(2), streams.back()); !wrong.empty())
        return problem(line, wrong);
    }
  }
  for (std::size_t i = 0; i < streams.size(); ++i)
    for (Candidate& candidate : streams[i].candidates)
      candidate.stream = static_cast<std::uint16_t>(i + 1);
  if (const auto wrong = check_credentials(streams); !wrong.empty())
    return std::unexpected(std::string(wrong));
  return streams;
}

}  // namespace stile::ice
