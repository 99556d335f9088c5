#include "nat/shell/http_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace stile::nat::shell {

namespace http = boost::beast::http;

HttpReading read_http_request(std::string_view input) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(max_http_header);
  parser.body_limit(max_http_body);
  parser.eager(true);
  boost::system::error_code error;
  parser.put(boost::asio::const_buffer(input.data(), input.size()), error);
  if (error && error != http::error::need_more) return {HttpState::invalid, {}};
  if (!parser.is_done()) return {HttpState::incomplete, {}};
  auto& request = parser.get();
  const auto field = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = request.find(name);
    return found == request.end() ? std::nullopt : std::optional<std::string>(found->value());
  };
  return {HttpState::complete,
          {std::string(request.method_string()),
           std::string(request.target()),
           std::string(request[http::field::host]),
           {field("CALLBACK"), field("NT"), field("SID"), field("TIMEOUT")},
           std::move(request.body())}};
}

}  // namespace stile::nat::shell
