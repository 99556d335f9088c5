#include "asio/http_exchange.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <utility>

#include "stile/asio/endpoint.hpp"

namespace stile {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;
using Error = boost::system::error_code;

constexpr auto patience = std::chrono::seconds(5);

class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
 public:
  using Answered = std::function<void(const portmap::HttpOutcome&)>;

  HttpExchange(boost::asio::any_io_executor executor, const portmap::HttpRequest& request,
               Answered answered)
      : stream_(std::move(executor)),
        server_(to_asio(request.server.ip), request.server.port),
        answered_(std::move(answered)) {
    const bool asks = request.soap_action.empty();
    request_.method(asks ? http::verb::get : http::verb::post);
    request_.target(request.path);
    request_.set(http::field::host, request.server.to_string());
    request_.set(http::field::connection, "close");
    if (!asks) {
      request_.set(http::field::content_type, "text/xml; charset=\"utf-8\"");
      request_.set("SOAPAction", request.soap_action);
      request_.body() = request.body;
    }
    request_.prepare_payload();
    answer_.body_limit(portmap::longest_http_body);
  }

  void begin(const IpAddress& local, const std::function<void(int)>& watch_descriptor) {
    Error error;
    stream_.socket().open(server_.protocol(), error);
    if (!error) stream_.socket().bind({to_asio(local), 0}, error);
    if (error) {
      boost::asio::post(stream_.get_executor(),
                        [self = shared_from_this(), error] { self->end(error); });
      return;
    }
    if (watch_descriptor) watch_descriptor(static_cast<int>(stream_.socket().native_handle()));
    stream_.expires_after(patience);
    stream_.async_connect(server_, [self = shared_from_this()](Error failed) {
      self->next(failed, &HttpExchange::write);
    });
  }

 private:
  void next(Error error, void (HttpExchange::*step)()) { error ? end(error) : (this->*step)(); }
  void write() {
    http::async_write(stream_, request_, [self = shared_from_this()](Error error, std::size_t) {
      self->next(error, &HttpExchange::read);
    });
  }
  void read() {
    http::async_read(stream_, buffer_, answer_,
                     [self = shared_from_this()](Error error, std::size_t) { self->end(error); });
  }
  void end(Error error) {
    const auto answered = std::exchange(answered_, {});
    if (error) return answered(std::unexpected("UPnP: " + error.message()));
    answered(portmap::HttpAnswer{answer_.get().result_int(), std::move(answer_.get().body())});
  }

  beast::tcp_stream stream_;
  tcp::endpoint server_;
  http::request<http::string_body> request_{http::verb::get, "/", 11};
  http::response_parser<http::string_body> answer_;
  beast::flat_buffer buffer_;
  Answered answered_;
};

}  // namespace

void ask_over_http(boost::asio::any_io_executor executor, const IpAddress& local,
                   const portmap::HttpRequest& request,
                   const std::function<void(int)>& watch_descriptor,
                   std::function<void(const portmap::HttpOutcome&)> answered) {
  std::make_shared<HttpExchange>(std::move(executor), request, std::move(answered))
      ->begin(local, watch_descriptor);
}

}  // namespace stile
