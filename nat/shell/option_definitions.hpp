#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "nat/shell/option_text.hpp"
#include "nat/shell/option_words.hpp"
#include "nat/shell/options.hpp"

namespace stile::nat::shell {

using Apply = std::function<void(const std::string& text)>;

/// Adds an option whose text `apply` turns into something, or refuses with CLI::ValidationError;
/// the option's own name is said in front.
void add(CLI::App& app, const std::string& name, Apply apply, const std::string& description,
         const std::string& value_name);
/// One that may be given several times.
void add_each(CLI::App& app, const std::string& name, Apply apply, const std::string& description,
              const std::string& value_name);
void add_duration(CLI::App& app, const std::string& name, Duration& target,
                  const std::string& description);

template <class Number>
void add_number(CLI::App& app, const std::string& name, Number& target,
                const std::string& description) {
  app.add_option(name, target, description)->type_name("N");
}

/// What was parsed; else a refusal that shows how it is written.
template <class Parsed>
auto accept(Parsed parsed, const std::string& text, const char* example) {
  if (!parsed) throw CLI::ValidationError(fmt::format("'{}' is not of the form {}", text, example));
  return *parsed;
}

template <class Value, std::size_t count>
Value choose(const Words<Value, count>& words, const std::string& text) {
  if (const auto meaning = meaning_of(words, text)) return *meaning;
  throw CLI::ValidationError(fmt::format("'{}' is none of {}", text, list_of(words)));
}

template <class Value, std::size_t count, class Target>
void add_choice(CLI::App& app, const std::string& name, const Words<Value, count>& words,
                Target& target, const std::string& description) {
  add(
      app, name, [&target, &words](const std::string& text) { target = choose(words, text); },
      description, "HOW");
}

// The options of one kind, each in a file of its own.
void add_attachment_options(CLI::App& app, RunOptions& run);
void add_address_options(CLI::App& app, Config& nat);
void add_behavior_options(CLI::App& app, Config& nat);
void add_limit_options(CLI::App& app, Config& nat);
void add_port_mapping_options(CLI::App& app, PortMappingOptions& options, Config& nat);
void add_fault_options(CLI::App& app, Config& nat);
struct Ipv6Options;
void add_ipv6_options(CLI::App& app, Ipv6Options& ipv6);

/// One clear line, or nothing.
std::optional<std::string> problem_with_attachment(const RunOptions& run);

}  // namespace stile::nat::shell
