#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "asio/dns_client.hpp"
#include "stile/asio/endpoint.hpp"

namespace stile {

/// Where c-ares is missing: addresses by the system's own resolver, on Asio's thread for it; no
/// other records.
struct DnsClient::Impl {
  explicit Impl(const boost::asio::any_io_executor& where) : executor(where), resolver(where) {}
  boost::asio::any_io_executor executor;
  boost::asio::ip::udp::resolver resolver;
};

DnsClient::DnsClient(boost::asio::any_io_executor executor)
    : impl_(std::make_shared<Impl>(executor)) {}
DnsClient::~DnsClient() = default;

void DnsClient::ask(const dns::Question& question, Handler handler) {
  using boost::asio::ip::udp;
  const std::weak_ptr<Impl> weak = impl_;
  if (question.type == dns::RecordType::srv || question.type == dns::RecordType::naptr)
    return boost::asio::post(impl_->executor, [weak, handler = std::move(handler)] {
      if (weak.lock()) handler({});
    });
  impl_->resolver.async_resolve(
      question.type == dns::RecordType::a ? udp::v4() : udp::v6(), question.name, "",
      [weak, handler = std::move(handler)](boost::system::error_code error,
                                           const udp::resolver::results_type& found) {
        if (!weak.lock()) return;
        dns::Answer answer;
        if (!error)
          for (const auto& each : found) answer.addresses.push_back(from_asio(each.endpoint()).ip);
        handler(std::move(answer));
      });
}

Instant DnsClient::deadline() const {
  return never;
}

void DnsClient::watch_descriptors(std::function<void(int)>) {}

}  // namespace stile
