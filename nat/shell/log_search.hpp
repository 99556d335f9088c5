#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stile/base/address.hpp"

namespace stile::nat::shell {

/// RFC 6888 §4: who had an external address and port at a time, by the lines of `--log`.
class LogSearch {
 public:
  struct Question {
    TransportAddress external;
    std::string protocol;  ///< empty: any
    std::string time;      ///< `2026-01-31T12:00:00Z`, or its beginning; empty: at any time
  };
  struct Holder {
    std::string inside;    ///< of a block an address, of a mapping an endpoint
    std::string protocol;  ///< "any" of a block
    std::string from;
    std::string until;  ///< empty: to this day
  };

  explicit LogSearch(Question question);
  /// In the order of the log. What is no line of it is passed over.
  void add_line(std::string_view line);
  const std::vector<Holder>& holders() const { return holders_; }
  /// Those who had it at the time that was asked for.
  std::vector<Holder> answer() const;

 private:
  struct Line;
  void begin(Holder holder);
  void end(const Holder& holder);
  bool concerns(const Line& line) const;
  bool covers(const Holder& holder) const;

  Question question_;
  std::vector<Holder> holders_;
};

/// `2026-01-31T12:00:00.250Z` or its beginning. Of what is none, a comparison with the lines of the
/// log would name somebody all the same.
bool is_log_time(std::string_view text);

/// `203.0.113.1:4000`, `udp:203.0.113.1:4000`; without a time.
std::optional<LogSearch::Question> parse_question(std::string_view text);

}  // namespace stile::nat::shell
