#include "nat/shell/option_definitions.hpp"

namespace stile::nat::shell {

namespace {

Apply named(const std::string& name, Apply apply) {
  return [name, apply = std::move(apply)](const std::string& text) {
    try {
      apply(text);
    } catch (const CLI::ValidationError& error) {
      throw CLI::ValidationError(name + ": " + error.what());
    }
  };
}

}  // namespace

void add(CLI::App& app, const std::string& name, Apply apply, const std::string& description,
         const std::string& value_name) {
  app.add_option_function<std::string>(name, named(name, std::move(apply)), description)
      ->type_name(value_name)
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

void add_each(CLI::App& app, const std::string& name, Apply apply, const std::string& description,
              const std::string& value_name) {
  const auto each = [apply = named(name, std::move(apply))](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) apply(text);
  };
  app.add_option_function<std::vector<std::string>>(name, each, description)
      ->type_name(value_name)
      ->expected(1, 65536);
}

void add_duration(CLI::App& app, const std::string& name, Duration& target,
                  const std::string& description) {
  add(
      app, name,
      [&target](const std::string& text) {
        target = accept(parse_duration(text), text, "300s, 2h4m or 20ms");
      },
      fmt::format("{} [{}]", description, to_text(target)), "TIME");
}

}  // namespace stile::nat::shell
