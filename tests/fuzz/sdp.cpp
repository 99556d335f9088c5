// Text -> SDP. What is read can be written, and what was written is read as the same.

#include "stile/ice/sdp.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stile::ice;
  using stile::fuzz::require;
  const auto streams = parse_sdp({reinterpret_cast<const char*>(data), size});
  if (!streams) return 0;
  std::string text;
  for (const StreamDescription& stream : *streams) {
    text += "m=x\r\n" + session_attributes(stream.parameters) + stream_attributes(stream);
  }
  const auto again = parse_sdp(text);
  require(again.has_value(), "what was written is read");
  require(again->size() == streams->size(), "no stream is lost");
  for (std::size_t i = 0; i < streams->size(); ++i) {
    require((*again)[i].candidates == (*streams)[i].candidates, "candidates stay what they are");
    require((*again)[i].remote_candidates == (*streams)[i].remote_candidates,
            "so do remote candidates");
    require((*again)[i].parameters.options == (*streams)[i].parameters.options, "so do options");
  }
  return 0;
}
