#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <tuple>
#include <vector>

#include "stile/asio/connection.hpp"
#include "stile/asio/local_addresses.hpp"
#include "stile/asio/shared_port.hpp"
#include "stile/ice/agent.hpp"
#include "stile/turn/uri.hpp"

namespace stile::ice {

/// What may go wrong for an application; the category says it in words.
enum class SessionErrc { failed = 1, closed, no_path, no_consent };
std::error_code make_error_code(SessionErrc code);

/// One ICE session on an Asio executor: an Agent with its sockets and its timer.
///
/// Everything happens on the executor, which must run one handler at a time (an io_context with one
/// thread, or a strand). Callbacks may call the session and may destroy it. Destroying it closes
/// it; operations still waiting end with SessionErrc::closed.
class Session {
 public:
  struct Callbacks {
    std::function<void(const Candidate&)> on_candidate;
    std::function<void()> on_gathering_done;
    std::function<void(State, const std::string& reason)> on_state;
    std::function<void(const PairSelected&)> on_selected;
    std::function<void(const ServerFailed&)> on_server_failed;
    std::function<void(const PathHealthChanged&)> on_path_health;
    /// With Config::restart_after. Whoever calls restart() here tells the peer, as always.
    std::function<void(const RestartNeeded&)> on_restart_needed;
    /// Application data, a view that is good until the callback returns. While it is set,
    /// async_receive gets nothing.
    std::function<void(ComponentId, Bytes)> on_data;
  };

  /// `trust` is for TURN servers over TLS and DTLS; throws boost::system::system_error if its file
  /// cannot be used. Servers over TCP and TLS are reached by the proxy, if there is one.
  Session(boost::asio::any_io_executor executor, Config config, Callbacks callbacks = {},
          const TlsTrust& trust = {}, const std::optional<Proxy>& proxy = {});
  /// The same at a port that sessions share, on its executor. Throws std::invalid_argument if the
  /// configuration needs more than it gives: see SharedPort.
  Session(const SharedPort& port, const Config& config, Callbacks callbacks = {},
          const TlsTrust& trust = {}, const std::optional<Proxy>& proxy = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Credentials& local_credentials() const;
  Parameters local_parameters() const;
  State state() const;
  Role role() const;
  void for_each_pair(const std::function<void(const PairReport&)>& visit) const;

  /// A server beside those of the configuration, by its URI, whose name is asked for meanwhile
  /// (ServerFinder); before gather(), which need not wait for it. If there is none,
  /// on_server_failed is told. `credentials` are for TURN. Throws like the constructor, and
  /// std::invalid_argument for STUN over TLS.
  void add_server(const turn::ServerUri& uri, const turn::Credentials& credentials = {});
  void gather(const InterfaceFilter& filter = {});
  void set_remote_parameters(Parameters parameters);
  void add_remote_candidate(Candidate candidate);
  /// The address of the name is asked for by mDNS first. A name that nobody answers for is as good
  /// as no candidate.
  void add_remote_candidate(NamedCandidate candidate);
  void end_of_remote_candidates();
  /// A new start on the interfaces that `filter` takes: see Agent::restart().
  void restart(const InterfaceFilter& filter = {});
  bool is_restart(const Credentials& offered) const;
  /// One datagram to the peer; data may flow as soon as the state is connected.
  std::error_code send(Bytes data, ComponentId component = {});
  void close();

  // For who waits by something else than the context's run(), and calls its poll().
  /// Told of each descriptor that the session opens from now on.
  void watch_descriptors(std::function<void(int)> watch);
  /// When poll() is to be called at the latest.
  Instant deadline() const;

  // The asynchronous operations report errors as boost::system::error_code, which is what Asio's
  // coroutines throw. Of each there is one at a time: the next one ends it with operation_canceled.

  /// Gathers from the interfaces that `filter` takes; completes with all local candidates:
  /// `void(boost::system::error_code, std::vector<Candidate>)`.
  template <class CompletionToken>
  auto async_gather(const InterfaceFilter& filter, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken,
                                       void(boost::system::error_code, std::vector<Candidate>)>(
        [this, filter](auto handler) {
          wait_gathered(deliver<std::error_code, std::vector<Candidate>>(std::move(handler)));
          gather(filter);
        },
        token);
  }
  template <class CompletionToken>
  auto async_gather(CompletionToken&& token) {
    return async_gather(InterfaceFilter{}, std::forward<CompletionToken>(token));
  }
  /// Completes when data may flow: `void(boost::system::error_code)`.
  template <class CompletionToken>
  auto async_connect(CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(boost::system::error_code)>(
        [this](auto handler) { wait_connected(deliver<std::error_code>(std::move(handler))); },
        token);
  }
  /// Completes with the next datagram: `void(boost::system::error_code, ByteVector)`. At most
  /// max_unread are kept meanwhile, the oldest go first.
  template <class CompletionToken>
  auto async_receive(CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken,
                                       void(boost::system::error_code, ByteVector)>(
        [this](auto handler) {
          wait_received(deliver<std::error_code, ByteVector>(std::move(handler)));
        },
        token);
  }
  static constexpr std::size_t max_unread = 256;

 private:
  struct Impl;
  using TimePoint = boost::asio::steady_timer::time_point;

  /// What completes the operation, on its handler's own executor. Until then the handler waits in a
  /// timer without end: so it counts as work, and a context that is destroyed destroys it, with the
  /// coroutine whose session this may be.
  template <class... Results, class Handler>
  std::function<void(Results...)> deliver(Handler handler) {
    struct Operation {
      boost::asio::steady_timer timer;
      std::tuple<Results...> results;
    };
    auto on = boost::asio::get_associated_executor(handler, executor());
    auto operation =
        std::make_shared<Operation>(boost::asio::steady_timer(executor(), TimePoint::max()));
    operation->timer.async_wait(boost::asio::bind_executor(
        on, [operation, handler = std::move(handler)](boost::system::error_code) mutable {
          std::apply(std::move(handler), std::move(operation->results));
        }));
    return [weak = std::weak_ptr(operation)](Results... results) {
      const auto waiting = weak.lock();
      if (!waiting) return;
      waiting->results = std::tuple(std::move(results)...);
      waiting->timer.cancel();
    };
  }
  boost::asio::any_io_executor executor() const;
  void wait_gathered(std::function<void(std::error_code, std::vector<Candidate>)> handler);
  void wait_connected(std::function<void(std::error_code)> handler);
  void wait_received(std::function<void(std::error_code, ByteVector)> handler);

  std::shared_ptr<Impl> impl_;
};

}  // namespace stile::ice

template <>
struct std::is_error_code_enum<stile::ice::SessionErrc> : std::true_type {};
