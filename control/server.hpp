#pragma once

#include <functional>
#include <list>
#include <string>
#include <string_view>

#include "control/address.hpp"
#include "control/descriptor.hpp"

namespace stile::control {

/// Answers a program's `ctl`: a client sends one line, gets one JSON object, and the connection
/// ends. Only root and the user that runs this are answered.
class Server {
 public:
  using Answer = std::function<std::string(std::string_view command)>;

  /// A socket file that nobody listens on any more is replaced. Throws Error.
  Server(const std::string& path, Answer answer);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Readable when there is something to do.
  int fd() const { return epoll_.get(); }
  void handle_ready();

 private:
  // Limit: clients at one time; the one that has waited longest goes.
  static constexpr std::size_t max_clients = 16;
  static constexpr std::size_t max_command = 256;

  struct Client {
    Descriptor fd;
    std::string command;
    std::string answer;
    std::size_t sent = 0;
  };
  using ClientRef = std::list<Client>::iterator;

  void listen(const std::string& path);
  void bind_fresh(const std::string& path);
  void watch(int fd, std::uint32_t events, int operation);
  void accept_clients();
  /// False when the client is done with.
  bool serve(Client& client);
  bool read_command(Client& client);
  bool write_answer(Client& client);

  Address address_;
  Answer answer_;
  Descriptor epoll_;
  Descriptor listener_;
  std::list<Client> clients_;
  bool owns_path_ = false;
};

}  // namespace stile::control
