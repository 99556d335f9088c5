#include <boost/asio/ssl/context.hpp>

#include "asio/dtls_connection.hpp"
#include "asio/stream_connection.hpp"
#include "asio/tls.hpp"

namespace stile {

namespace ssl = boost::asio::ssl;

void expect_host(SSL* session, const std::string& host) {
  if (IpAddress::parse(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str());
    return;
  }
  SSL_set1_host(session, host.c_str());
  std::string name = host;
  SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

std::string certificate_problem(SSL* session, const std::string& otherwise) {
  const long verified = session ? SSL_get_verify_result(session) : X509_V_OK;
  return verified == X509_V_OK ? otherwise : X509_verify_cert_error_string(verified);
}

void Connector::prepare(Transport transport) {
  if ((transport != Transport::tls && transport != Transport::dtls) ||
      contexts_.contains(transport))
    return;
  auto context = transport == Transport::tls
                     ? std::make_shared<ssl::context>(ssl::context::tls_client)
                     : std::make_shared<ssl::context>(SSL_CTX_new(DTLS_client_method()));
  SSL_CTX_set_min_proto_version(context->native_handle(),
                                transport == Transport::tls ? TLS1_2_VERSION : DTLS1_2_VERSION);
  context->set_verify_mode(ssl::verify_peer);
  if (trust_.ca_file.empty())
    context->set_default_verify_paths();
  else
    context->load_verify_file(trust_.ca_file);
  contexts_.emplace(transport, std::move(context));
}

std::shared_ptr<Connection> Connector::make(boost::asio::any_io_executor executor,
                                            const TransportAddress& server, Transport transport,
                                            const std::string& host,
                                            Connection::Callbacks callbacks,
                                            const std::optional<TransportAddress>& local) const {
  const auto context = contexts_.find(transport);
  const auto secret = context == contexts_.end() ? nullptr : context->second;
  const std::string name = host.empty() ? server.ip.to_string() : host;
  if (transport == Transport::dtls)
    return std::make_shared<DtlsConnection>(std::move(executor), server, name, secret,
                                            std::move(callbacks));
  return std::make_shared<StreamConnection>(std::move(executor), server, name, secret,
                                            std::move(callbacks), local ? std::nullopt : proxy_,
                                            local);
}

}  // namespace stile
