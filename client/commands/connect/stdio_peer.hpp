#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "client/commands/connect/options.hpp"
#include "client/commands/connect/trace.hpp"
#include "stile/asio/session.hpp"

namespace stile::connect {

struct Server {
  turn::ServerUri uri;
  turn::Credentials credentials;
};

/// One ICE session, with a conversation on standard input and output around it: one JSON object a
/// line. Whatever is said in a line that cannot be used is answered with {"error": "..."}, and the
/// conversation goes on.
class StdioPeer {
 public:
  StdioPeer(boost::asio::io_context& context, const Options& options, ice::Config config,
            const std::vector<Server>& servers, const std::optional<Proxy>& proxy);

  /// Until the input ends, a signal comes, or the session fails; answers the exit status.
  int run();

 private:
  ice::Session::Callbacks callbacks();

  // What happens, and is told.
  void write(const nlohmann::json& line);
  void write_local(const nlohmann::json& candidates);
  void begin_trickle();
  void tell_state(ice::State state, const std::string& reason);
  void tell_selected(const ice::PairSelected& pair);
  void tell_path(const ice::PathHealthChanged& changed);
  void tell_server_failed(const ice::ServerFailed& failed);
  void take_data(Bytes data);
  void complain(const std::string& what);

  // What is told to us.
  void read_line();
  void take_line(const std::string& text);
  void take_object(const nlohmann::json& line);
  void take_remote(const nlohmann::json& remote);
  void take_candidate(const nlohmann::json& text);
  void send(const nlohmann::json& text);
  void restart();

  void watch_pairs();
  void end(int exit_status);

  boost::asio::io_context& context_;
  const Options& options_;
  boost::asio::posix::stream_descriptor input_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer next_look_;  ///< at the pairs, for --explain
  std::string buffer_;
  nlohmann::json candidates_ = nlohmann::json::array();
  std::string server_problem_;
  bool remote_is_known_ = false;
  bool local_is_told_ = false;  ///< with --trickle: the line that candidates follow
  bool was_connected_ = false;
  int exit_status_ = 0;
  bool ended_ = false;
  Trace trace_;
  ice::Session session_;
};

}  // namespace stile::connect
