#include "client/commands/explain.hpp"

#include <fstream>
#include <memory>

#include "client/commands/explain/page.hpp"
#include "client/commands/run.hpp"

namespace stile {

namespace {

int write_page(const std::string& file) {
  std::ifstream input(file);
  if (!input) throw CommandError("cannot read " + file);
  fmt::print("{}", explain::page(explain::read_trace(input, file)));
  return 0;
}

}  // namespace

void add_explain_command(CLI::App& app, int& exit_status) {
  auto* command = app.add_subcommand(
      "explain", "makes a page (HTML) of what `stile connect --explain FILE` has written");
  command->footer("stile explain trace.json > page.html");
  const auto file = std::make_shared<std::string>();
  command->add_option("trace", *file, "the file that --explain has written")
      ->option_text("FILE")
      ->required()
      ->check(CLI::ExistingFile);
  command->callback([file, &exit_status] {
    exit_status = run_command("explain", [&] { return write_page(*file); });
  });
}

}  // namespace stile
