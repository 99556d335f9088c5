#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <stdexcept>
#include <utility>

#include "asio/dns_client.hpp"
#include "stile/asio/clock.hpp"

namespace stile {

namespace {

constexpr int patience_ms = 1000;  ///< of the first try; c-ares doubles it
constexpr int tries = 2;
constexpr int internet = 1;  ///< class IN
constexpr int type_srv = 33;
constexpr int type_naptr = 35;

/// Not safe to be called by two threads at a time, as a static is.
void begin_once() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  if (status != ARES_SUCCESS) throw std::runtime_error(ares_strerror(status));
}

std::string text_of(const unsigned char* text) {
  return text ? reinterpret_cast<const char*>(text) : "";
}

dns::Answer addresses_of(const ares_addrinfo& found) {
  dns::Answer answer;
  for (const ares_addrinfo_node* node = found.nodes; node; node = node->ai_next) {
    std::optional<IpAddress> address;
    if (node->ai_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
      address = IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&v4->sin_addr), 4});
    } else if (node->ai_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
      address = IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&v6->sin6_addr), 16});
    }
    if (address) answer.addresses.push_back(*address);
  }
  return answer;
}

/// What `read` makes of each record of a list of c-ares'.
template <class Reply, class Read>
void read_records(int (*parse)(const unsigned char*, int, Reply**), const unsigned char* bytes,
                  int size, Read read) {
  Reply* records = nullptr;
  if (parse(bytes, size, &records) != ARES_SUCCESS) return;
  for (const Reply* each = records; each; each = each->next) read(*each);
  ares_free_data(records);
}

dns::Answer srv_of(const unsigned char* bytes, int size) {
  dns::Answer answer;
  read_records(ares_parse_srv_reply, bytes, size, [&](const ares_srv_reply& each) {
    answer.srv.push_back({each.priority, each.weight, each.port, each.host});
  });
  return answer;
}

dns::Answer naptr_of(const unsigned char* bytes, int size) {
  dns::Answer answer;
  read_records(ares_parse_naptr_reply, bytes, size, [&](const ares_naptr_reply& each) {
    if (text_of(each.regexp).empty())  // S-NAPTR has none (RFC 3958)
      answer.naptr.push_back({each.order, each.preference, text_of(each.flags),
                              text_of(each.service), each.replacement});
  });
  return answer;
}

}  // namespace

/// c-ares with its sockets watched by Asio: no thread.
struct DnsClient::Impl : std::enable_shared_from_this<Impl> {
  struct Socket {
    boost::asio::posix::stream_descriptor descriptor;
    bool writes = false;  ///< c-ares wants to know when it can
    bool gone = false;
  };
  struct Query {
    std::weak_ptr<Impl> of;
    Handler handler;
  };

  explicit Impl(boost::asio::any_io_executor where) : executor(std::move(where)), timer(executor) {}
  ~Impl() {
    if (channel) ares_destroy(channel);
  }

  void open() {
    if (channel) return;
    begin_once();
    ares_options options{};
    options.timeout = patience_ms;
    options.tries = tries;
    options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
      static_cast<Impl*>(self)->socket_changed(fd, readable != 0, writable != 0);
    };
    options.sock_state_cb_data = this;
    const int status = ares_init_options(
        &channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) throw std::runtime_error(ares_strerror(status));
  }

  void socket_changed(ares_socket_t fd, bool readable, bool writable) {
    const auto known = sockets.find(fd);
    if (!readable && !writable) {
      if (known == sockets.end()) return;
      known->second->gone = true;
      known->second->descriptor.release();  // c-ares closes it
      sockets.erase(known);
      return;
    }
    const auto socket =
        known != sockets.end()
            ? known->second
            : sockets
                  .emplace(fd, std::make_shared<Socket>(
                                   boost::asio::posix::stream_descriptor(executor, fd)))
                  .first->second;
    const bool begins_to_write = writable && !socket->writes;
    socket->writes = writable;
    if (begins_to_write) await(socket, boost::asio::posix::stream_descriptor::wait_write);
    if (known != sockets.end()) return;
    if (watch) watch(fd);
    await(socket, boost::asio::posix::stream_descriptor::wait_read);
  }

  void await(const std::shared_ptr<Socket>& socket,
             boost::asio::posix::stream_descriptor::wait_type what) {
    socket->descriptor.async_wait(what, [weak = weak_from_this(), socket,
                                         what](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!self || error || socket->gone) return;
      const bool reads = what == boost::asio::posix::stream_descriptor::wait_read;
      const int fd = socket->descriptor.native_handle();
      ares_process_fd(self->channel, reads ? fd : ARES_SOCKET_BAD, reads ? ARES_SOCKET_BAD : fd);
      self->set_timer();
      if (!socket->gone && (reads || socket->writes)) self->await(socket, what);
    });
  }

  void set_timer() {
    timeval time{};
    wake_at = never;
    if (!ares_timeout(channel, nullptr, &time)) {
      timer.cancel();
      return;
    }
    wake_at =
        instant_now() + std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    timer.expires_at(steady_time(wake_at));
    timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!self || error) return;
      ares_process_fd(self->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      self->set_timer();
    });
  }

  void ask(const dns::Question& question, Handler handler) {
    auto* const query = new Query{weak_from_this(), std::move(handler)};
    switch (question.type) {
      case dns::RecordType::a:
        return find_addresses(question.name, AF_INET, query);
      case dns::RecordType::aaaa:
        return find_addresses(question.name, AF_INET6, query);
      case dns::RecordType::srv:
        return find_records<type_srv, srv_of>(question.name, query);
      case dns::RecordType::naptr:
        return find_records<type_naptr, naptr_of>(question.name, query);
    }
  }

  void find_addresses(const std::string& name, int family, Query* query) {
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(
        channel, name.c_str(), nullptr, &hints,
        [](void* argument, int status, int, ares_addrinfo* found) {
          finish(argument, status,
                 status == ARES_SUCCESS && found ? addresses_of(*found) : dns::Answer{});
          if (found) ares_freeaddrinfo(found);
        },
        query);
  }

  template <int type, dns::Answer (*parse)(const unsigned char*, int)>
  void find_records(const std::string& name, Query* query) {
    ares_query(
        channel, name.c_str(), internet, type,
        [](void* argument, int status, int, unsigned char* bytes, int size) {
          finish(argument, status, status == ARES_SUCCESS ? parse(bytes, size) : dns::Answer{});
        },
        query);
  }

  /// c-ares calls back from within, where it may not be destroyed; the handler is called later.
  static void finish(void* argument, int status, dns::Answer answer) {
    const std::unique_ptr<Query> query(static_cast<Query*>(argument));
    const auto self = query->of.lock();
    if (!self || status == ARES_EDESTRUCTION) return;
    boost::asio::post(self->executor, [weak = query->of, handler = std::move(query->handler),
                                       answer = std::move(answer)]() mutable {
      if (weak.lock()) handler(std::move(answer));
    });
  }

  boost::asio::any_io_executor executor;
  boost::asio::steady_timer timer;
  Instant wake_at = never;
  std::function<void(int)> watch;
  ares_channel channel = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Socket>> sockets;
};

DnsClient::DnsClient(boost::asio::any_io_executor executor)
    : impl_(std::make_shared<Impl>(std::move(executor))) {}
DnsClient::~DnsClient() = default;

void DnsClient::ask(const dns::Question& question, Handler handler) {
  impl_->open();
  impl_->ask(question, std::move(handler));
  impl_->set_timer();
}

Instant DnsClient::deadline() const {
  return impl_->wake_at;
}

void DnsClient::watch_descriptors(std::function<void(int)> watch) {
  impl_->watch = std::move(watch);
}

}  // namespace stile
