#include "client/commands/connect/stdio_peer.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/read_until.hpp>
#include <iostream>
#include <utility>

#include "client/commands/server_address.hpp"

namespace stile::connect {

namespace {

using nlohmann::json;

constexpr std::size_t longest_line = 1 << 20;  ///< Limit: of one line of input
constexpr auto time_between_looks = std::chrono::milliseconds(2);
constexpr unsigned longest_pacing =
    10'000;  ///< Limit: milliseconds between checks that a peer may ask for

/// Asio makes what it reads from non-blocking. A terminal or a pipe is shared with the shell that
/// started us, and would stay so for it: it is opened anew. (A file's place in it would be lost,
/// and reading it never blocks.)
int own_standard_input() {
  struct stat kind{};
  const bool file = ::fstat(STDIN_FILENO, &kind) == 0 && S_ISREG(kind.st_mode);
  const int fd = file ? -1 : ::open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC | O_NOCTTY);
  return fd >= 0 ? fd : ::dup(STDIN_FILENO);
}

/// The member as text. Throws CommandError, which names it.
const std::string& text_of(const json& value, const std::string& name) {
  if (!value.is_string()) throw CommandError(name + " is not a string");
  return value.get_ref<const std::string&>();
}

/// RFC 8839 §5.4.
ice::Credentials credentials_of(const json& remote) {
  if (!remote.is_object()) throw CommandError("remote is not an object");
  ice::Credentials credentials;
  for (const auto& [name, member] :
       {std::pair{"ufrag", &credentials.ufrag}, std::pair{"pwd", &credentials.pwd}}) {
    if (!remote.contains(name)) throw CommandError(std::string("remote has no ") + name);
    *member = text_of(remote[name], std::string("remote's ") + name);
  }
  if (credentials.ufrag.size() < 4 || credentials.ufrag.size() > 256)
    throw CommandError("remote's ufrag has 4 to 256 characters (RFC 8839 §5.4)");
  if (credentials.pwd.size() < 22 || credentials.pwd.size() > 256)
    throw CommandError("remote's pwd has 22 to 256 characters (RFC 8839 §5.4)");
  return credentials;
}

ice::Parameters parameters_of(const json& remote) {
  ice::Parameters parameters{.credentials = credentials_of(remote)};
  parameters.lite = remote.contains("lite") && remote["lite"] == true;
  const json options = remote.value("options", json::array());
  if (!options.is_array()) throw CommandError("remote's options are not an array");
  for (const json& option : options)
    parameters.options.push_back(text_of(option, "an option of remote"));
  if (!remote.contains("pacing")) return parameters;
  if (!remote["pacing"].is_number_unsigned() || remote["pacing"] > longest_pacing)
    throw CommandError("remote's pacing is not a number of milliseconds, at most 10000");
  parameters.pacing = std::chrono::milliseconds(remote["pacing"].get<int>());
  return parameters;
}

}  // namespace

StdioPeer::StdioPeer(boost::asio::io_context& context, const Options& options, ice::Config config,
                     const std::vector<Server>& servers, const std::optional<Proxy>& proxy)
    : context_(context),
      options_(options),
      input_(context, own_standard_input()),
      signals_(context, SIGINT, SIGTERM),
      next_look_(context),
      trace_(options.explain),
      session_(context.get_executor(), std::move(config), callbacks(), {options.ca_file}, proxy) {
  for (const Server& server : servers) session_.add_server(server.uri, server.credentials);
}

int StdioPeer::run() {
  begin_trickle();
  session_.gather(options_.interfaces());
  if (ended_) return exit_status_;  // none of our addresses can be used
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (!error) end(0);
  });
  read_line();
  watch_pairs();
  context_.run();
  return exit_status_;
}

ice::Session::Callbacks StdioPeer::callbacks() {
  ice::Session::Callbacks callbacks;
  callbacks.on_candidate = [this](const ice::Candidate& candidate) {
    candidates_.push_back(candidate.to_string());
    trace_.note("found " + candidate.to_string(), session_);
    begin_trickle();
    if (options_.trickle) write({{"candidate", candidate.to_string()}});
  };
  callbacks.on_gathering_done = [this] {
    begin_trickle();
    if (options_.trickle)
      write({{"end-of-candidates", true}});
    else
      write_local(candidates_);
  };
  callbacks.on_state = [this](ice::State state, const std::string& reason) {
    tell_state(state, reason);
  };
  callbacks.on_selected = [this](const ice::PairSelected& pair) { tell_selected(pair); };
  callbacks.on_server_failed = [this](const ice::ServerFailed& failed) {
    tell_server_failed(failed);
  };
  callbacks.on_path_health = [this](const ice::PathHealthChanged& changed) { tell_path(changed); };
  callbacks.on_restart_needed = [this](const ice::RestartNeeded& needed) {
    write({{"restart", {{"reason", needed.reason}}}});
    trace_.note("restart: " + needed.reason, session_);
    restart();
  };
  callbacks.on_data = [this](ice::ComponentId, Bytes data) { take_data(data); };
  return callbacks;
}

void StdioPeer::write(const json& line) {
  std::cout << line.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
}

void StdioPeer::write_local(const json& candidates) {
  const ice::Parameters ours = session_.local_parameters();
  json local{{"ufrag", ours.credentials.ufrag},
             {"pwd", ours.credentials.pwd},
             {"options", ours.options},
             {"candidates", candidates}};
  if (ours.pacing)
    local["pacing"] = std::chrono::duration_cast<std::chrono::milliseconds>(*ours.pacing).count();
  if (ours.lite) local["lite"] = true;
  write({{"local", local}});
}

void StdioPeer::begin_trickle() {
  if (options_.trickle && !std::exchange(local_is_told_, true)) write_local(json::array());
}

void StdioPeer::tell_state(ice::State state, const std::string& reason) {
  write({{"state", to_string(state)}});
  trace_.note(std::string(to_string(state)) + (reason.empty() ? "" : ": " + reason), session_);
  if (state == ice::State::connected || state == ice::State::completed) was_connected_ = true;
  if (state != ice::State::failed) return;
  // A server that refused us is the likelier cause than the pairs that were left without it.
  const bool blame_server = !was_connected_ && !server_problem_.empty();
  write({{"failed", {{"reason", blame_server ? reason + " (" + server_problem_ + ")" : reason}}}});
  end(1);
}

void StdioPeer::tell_selected(const ice::PairSelected& pair) {
  trace_.note("selected " + pair.local.address.to_string() + " " + pair.remote.address.to_string(),
              session_);
  const auto ms = std::chrono::round<std::chrono::milliseconds>(pair.elapsed).count();
  write({{"connected",
          {{"ms", ms},
           {"local", to_string(pair.local.type)},
           {"remote", to_string(pair.remote.type)},
           {"pair", pair.local.address.to_string() + " " + pair.remote.address.to_string()}}}});
}

void StdioPeer::tell_path(const ice::PathHealthChanged& changed) {
  const auto ms = std::chrono::round<std::chrono::milliseconds>(changed.round_trip_time).count();
  write(
      {{"path", {{"health", to_string(changed.health)}, {"rtt_ms", ms}, {"lost", changed.lost}}}});
  trace_.note("the path is " + std::string(to_string(changed.health)), session_);
}

void StdioPeer::tell_server_failed(const ice::ServerFailed& failed) {
  server_problem_ = "server " + failed.name() + ": " + failed.reason;
  std::cerr << "stile connect: " << server_problem_ << std::endl;
}

void StdioPeer::take_data(Bytes data) {
  write({{"data", as_text(data)}});
  if (options_.echo) session_.send(data);
}

void StdioPeer::complain(const std::string& what) {
  write({{"error", what}});
}

void StdioPeer::read_line() {
  boost::asio::async_read_until(input_, boost::asio::dynamic_buffer(buffer_, longest_line), '\n',
                                [this](boost::system::error_code error, std::size_t size) {
                                  if (error == boost::asio::error::not_found) {
                                    complain("a line is longer than 1 MiB; the session ends");
                                    return end(1);
                                  }
                                  if (error) return end(exit_status_);
                                  const std::string line = buffer_.substr(0, size - 1);
                                  buffer_.erase(0, size);
                                  take_line(line);
                                  if (!ended_) read_line();
                                });
}

void StdioPeer::take_line(const std::string& text) {
  if (text.find_first_not_of(" \t\r") == text.npos) return;
  const json line = json::parse(text, nullptr, false);
  if (!line.is_object()) return complain("not a JSON object: " + text);
  try {
    take_object(line);
  } catch (const CommandError& error) {
    complain(error.what());
  }
}

void StdioPeer::take_object(const json& line) {
  for (const auto& [name, value] : line.items()) {
    if (name == "remote")
      take_remote(value);
    else if (name == "candidate")
      take_candidate(value);
    else if (name == "end-of-candidates")
      session_.end_of_remote_candidates();
    else if (name == "restart")
      restart();
    else if (name == "send")
      send(value);
    else
      complain("'" + name + "' is none of remote, candidate, end-of-candidates, restart, send");
  }
}

void StdioPeer::take_remote(const json& remote) {
  ice::Parameters parameters = parameters_of(remote);
  if (session_.is_restart(parameters.credentials))
    restart();
  else if (remote_is_known_)
    throw CommandError("remote is known already; a restart needs a new ufrag and a new pwd");
  const json candidates = remote.value("candidates", json::array());
  if (!candidates.is_array()) throw CommandError("remote's candidates are not an array");
  remote_is_known_ = true;
  session_.set_remote_parameters(std::move(parameters));
  for (const json& candidate : candidates) take_candidate(candidate);
  // Without --trickle a description is whole.
  if (!options_.trickle) session_.end_of_remote_candidates();
}

/// RFC 8445 §9. The other side is to be given our new "local"; its own is awaited.
void StdioPeer::restart() {
  remote_is_known_ = false;
  candidates_ = json::array();
  local_is_told_ = false;
  session_.restart(options_.interfaces());
  begin_trickle();
}

/// One that cannot be used is no reason to do without the others.
void StdioPeer::take_candidate(const json& text) {
  if (!text.is_string()) return complain("candidate: not a string");
  auto candidate = ice::Candidate::parse_named(text.get_ref<const std::string&>());
  if (!candidate) return complain(candidate.error());
  session_.add_remote_candidate(std::move(*candidate));
}

void StdioPeer::send(const json& text) {
  const std::error_code error = session_.send(as_bytes(text_of(text, "send")));
  if (error) throw CommandError("send: " + error.message());
}

void StdioPeer::watch_pairs() {
  if (!trace_.is_written()) return;
  trace_.look(session_);
  next_look_.expires_after(time_between_looks);
  next_look_.async_wait([this](boost::system::error_code error) {
    // What was due already when end() came is not canceled.
    if (!error && !ended_) watch_pairs();
  });
}

void StdioPeer::end(int exit_status) {
  if (ended_) return;
  ended_ = true;
  exit_status_ = exit_status;
  trace_.write(session_);
  session_.close();
  signals_.cancel();
  next_look_.cancel();
  input_.close();
}

}  // namespace stile::connect
