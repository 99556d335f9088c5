#include "nat/shell/log_search.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "nat/shell/option_text.hpp"

namespace stile::nat::shell {

struct LogSearch::Line {
  std::string event;
  std::string external;
  std::string ports;
  Holder holder;  ///< `from` is the line's time

  bool is_of_block() const { return event.starts_with("block-"); }
};

LogSearch::LogSearch(Question question) : question_(std::move(question)) {
  // Lines have milliseconds: a time without them is any in its second.
  if (question_.time.ends_with('Z')) question_.time.pop_back();
}

void LogSearch::add_line(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return;
  const auto field = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  Line line{field("event"),
            field("external"),
            field("ports"),
            {field("inside"), field("protocol"), field("time"), {}}};
  if (line.event == "started") {
    // What the NAT had before it ended is over, at the latest now.
    for (Holder& holder : holders_)
      if (holder.until.empty()) holder.until = line.holder.from;
    return;
  }
  if (line.is_of_block()) line.holder.protocol = "any";
  if (!concerns(line)) return;
  if (line.event == "created" || line.event == "block-assigned") begin(line.holder);
  if (line.event == "ended" || line.event == "block-released") end(line.holder);
}

bool LogSearch::concerns(const Line& line) const {
  if (line.is_of_block()) {
    const auto range = parse_port_range(line.ports);
    return range && line.external == question_.external.ip.to_string() &&
           question_.external.port >= range->first && question_.external.port <= range->second;
  }
  return line.external == question_.external.to_string() &&
         (question_.protocol.empty() || question_.protocol == line.holder.protocol);
}

void LogSearch::begin(Holder holder) {
  holders_.push_back(std::move(holder));
}

void LogSearch::end(const Holder& holder) {
  for (Holder& known : holders_)
    if (known.inside == holder.inside && known.protocol == holder.protocol && known.until.empty())
      known.until = holder.from;
}

bool LogSearch::covers(const Holder& holder) const {
  const std::size_t precision = question_.time.size();
  return holder.from.substr(0, precision) <= question_.time &&
         (holder.until.empty() || holder.until.substr(0, precision) >= question_.time);
}

std::vector<LogSearch::Holder> LogSearch::answer() const {
  std::vector<Holder> found;
  std::ranges::copy_if(holders_, std::back_inserter(found),
                       [this](const Holder& holder) { return covers(holder); });
  return found;
}

bool is_log_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00.000";
  constexpr std::size_t up_to_seconds = 19;
  if (text.ends_with('Z')) {
    text.remove_suffix(1);
    if (text.size() < up_to_seconds) return false;
  }
  if (text.empty() || text.size() > form.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !is_digit : text[i] != form[i]) return false;
  }
  struct Field {
    std::size_t at;
    std::string_view first;
    std::string_view last;
  };
  constexpr std::array<Field, 5> fields{
      {{5, "01", "12"}, {8, "01", "31"}, {11, "00", "23"}, {14, "00", "59"}, {17, "00", "60"}}};
  return std::ranges::all_of(fields, [text](const Field& field) {
    if (text.size() < field.at + 2) return true;
    const std::string_view value = text.substr(field.at, 2);
    return value >= field.first && value <= field.last;
  });
}

std::optional<LogSearch::Question> parse_question(std::string_view text) {
  LogSearch::Question question;
  for (const std::string_view protocol : {"udp:", "tcp:", "icmp:"}) {
    if (!text.starts_with(protocol)) continue;
    question.protocol = protocol.substr(0, protocol.size() - 1);
    text.remove_prefix(protocol.size());
  }
  const auto external = TransportAddress::parse(text);
  if (!external) return std::nullopt;
  question.external = *external;
  return question;
}

}  // namespace stile::nat::shell
