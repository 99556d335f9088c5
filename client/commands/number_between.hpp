#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

namespace stile {

/// A check for an option that is a number from `least` to `most`.
template <class Number>
CLI::Validator number_between(Number least, Number most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most)
      return {};
    return fmt::format("'{}' is not a number from {} to {}", text, least, most);
  };
  return CLI::Validator(check, "");
}

}  // namespace stile
