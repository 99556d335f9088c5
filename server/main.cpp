// The program `stile-server`: does what its command line asks for, which is to serve as a rule.

#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "server/import/coturn_import.hpp"
#include "server/shell/control_command.hpp"
#include "server/shell/options.hpp"
#include "server/shell/service.hpp"
#include "server/shell/start_error.hpp"
#include "server/store/user_command.hpp"

namespace {

using namespace stile;
using namespace stile::server;

/// Each allocation is a socket: take as many descriptors as the system lets us have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string json_list(const std::vector<TransportAddress>& addresses) {
  std::string list;
  for (const TransportAddress& address : addresses)
    list += (list.empty() ? "\"" : ",\"") + address.to_string() + "\"";
  return "[" + list + "]";
}

void print_ready(const Options& options, const Service& service) {
  fmt::print("{{\"ready\":true,\"listen\":{},\"listen_tls\":{},\"kernel_relay\":{}}}\n",
             json_list(options.listen), json_list(options.listen_tls), service.uses_kernel());
  std::fflush(stdout);
}

int serve(const Options& options, const Service::ReadOptions& read_again) {
  Service service(options, read_again);
  print_ready(options, service);
  service.run();
  return 0;
}

/// What serve() would read is read, and nothing opened.
int check(const Options& options) {
  try {
    if (options.certificate) Certificates{*options.certificate};
  } catch (const StartError& error) {
    throw StartError(placed(options.settings, error.what()));
  }
  fmt::print("ok\n");
  return 0;
}

int print(const std::string& text) {
  fmt::print("{}", text);
  return 0;
}

int import(const ImportCoturn& import) {
  std::ifstream file(import.file);
  if (!file)
    throw StartError(fmt::format("{}: {}; give --import-coturn a turnserver.conf", import.file,
                                 std::strerror(errno)));
  const CoturnImport result = import_coturn(CoturnFile(file));
  for (const auto& [line, text] : result.remarks)
    fmt::print(stderr, "{}:{}: {}\n", import.file, line, text);
  fmt::print("{}", result.toml);
  return 0;
}

int complain(const StartError& error, int status) {
  fmt::print(stderr, "stile-server: {}\n", error.what());
  return status;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view command = count > 1 ? arguments[1] : "";
  if (command == "user") return run_user_command(count - 1, arguments + 1);
  if (command == "ctl") return run_control_command(count - 1, arguments + 1);
  raise_descriptor_limit();
  try {
    const auto wanted = read_options(count, arguments);
    if (const auto* const text = std::get_if<Print>(&wanted)) return print(text->text);
    if (const auto* const file = std::get_if<ImportCoturn>(&wanted)) return import(*file);
    const Options& options = std::get<Options>(wanted);
    if (options.check_only) return check(options);
    return serve(options, [=] { return std::get<Options>(read_options(count, arguments)); });
  } catch (const UsageError& error) {
    return complain(error, 2);
  } catch (const StartError& error) {
    return complain(error, 1);
  }
}
