#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "stile/asio/session.hpp"

namespace stile::connect {

/// What `--explain` writes: events in time, and the pairs as they were then; last of all what
/// became of each pair.
class Trace {
 public:
  /// Throws CommandError if the file cannot be written. Without a name nothing is.
  explicit Trace(std::string file);

  void note(const std::string& event, const ice::Session& session);
  /// Notes the pairs, if they have changed. To be called often.
  void look(const ice::Session& session);
  bool is_written() const { return !file_.empty(); }
  void write(const ice::Session& session) const;

 private:
  std::string file_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  nlohmann::json events_ = nlohmann::json::array();
  nlohmann::json seen_ = nlohmann::json::array();
};

}  // namespace stile::connect
