#include "stile/ice/sdp.hpp"

namespace stile::ice {

std::string session_attributes(const Parameters& parameters) {
  std::string text;
  if (parameters.lite) text += "a=ice-lite\r\n";
  if (parameters.pacing) {
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(*parameters.pacing).count();
    text += "a=ice-pacing:" + std::to_string(ms) + "\r\n";
  }
  if (parameters.options.empty()) return text;
  text += "a=ice-options:";
  for (const std::string& option : parameters.options)
    text += (&option == parameters.options.data() ? "" : " ") + option;
  return text + "\r\n";
}

std::string stream_attributes(const StreamDescription& stream) {
  std::string text;
  const Credentials& credentials = stream.parameters.credentials;
  if (!credentials.ufrag.empty())
    text += "a=ice-ufrag:" + credentials.ufrag + "\r\na=ice-pwd:" + credentials.pwd + "\r\n";
  if (stream.mismatch) text += "a=ice-mismatch\r\n";
  for (const Candidate& candidate : stream.candidates)
    text += "a=" + candidate.to_string() + "\r\n";
  for (const RemoteCandidate& remote : stream.remote_candidates)
    text += (&remote == stream.remote_candidates.data() ? "a=remote-candidates:" : " ") +
            std::to_string(remote.component) + " " + remote.address.ip.to_string() + " " +
            std::to_string(remote.address.port);
  if (!stream.remote_candidates.empty()) text += "\r\n";
  if (stream.end_of_candidates) text += "a=end-of-candidates\r\n";
  return text;
}

}  // namespace stile::ice
