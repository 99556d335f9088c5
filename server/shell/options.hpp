#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/core/config.hpp"
#include "server/fastpath/kernel_relay_use.hpp"
#include "server/shell/client_limits.hpp"
#include "server/shell/config_file.hpp"
#include "server/shell/log.hpp"
#include "server/shell/tls_context.hpp"

namespace stile::server {

/// An abstract socket: each network namespace has its own, and it ends with its process.
inline constexpr const char* default_control = "@stile-server";

/// What the command line and the configuration file ask for.
struct Options {
  std::vector<TransportAddress> listen;      ///< concrete addresses, wildcards resolved
  std::vector<TransportAddress> listen_tls;  ///< likewise; those where clients are told to find TLS
  std::optional<CertificateFiles> certificate;
  std::optional<std::string> users;  ///< SQLite file that the accounts have been read from
  std::vector<IpPrefix> balancers;   ///< whose connections begin with a PROXY header
  Admission::Limits connections;     ///< of the whole server
  relay::Config relay;
  KernelRelayUse kernel_relay = KernelRelayUse::automatic;
  Log::Settings log;
  std::string control;  ///< empty: none
  unsigned threads = 1;
  Duration
      drain_timeout{};      ///< how long allocations may go on when the server has been told to end
  bool check_only = false;  ///< read everything, open nothing

  std::vector<Setting> settings;  ///< those of the configuration file
  std::vector<TransportAddress> all_listeners() const;
};

/// `--help`, `--version`: the text to print.
struct Print {
  std::string text;
};
/// `--import-coturn FILE`.
struct ImportCoturn {
  std::string file;
};

/// Reads the command line and the file that --config names. Throws StartError, UsageError if it is
/// not even understood.
std::variant<Options, Print, ImportCoturn> read_options(int count, const char* const* arguments);

/// An error about what a file says begins with the place where it says it.
std::string placed(const std::vector<Setting>& settings, const std::string& error);

}  // namespace stile::server
