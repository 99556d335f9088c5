#include "client/commands/explain/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "client/commands/explain/markup.hpp"

namespace stile::explain {

namespace {

constexpr double label_width = 370;
constexpr double plot_width = 700;
constexpr double width = label_width + plot_width + 20;
constexpr double row_height = 26;
constexpr double bar_height = 16;
constexpr std::size_t state_rows = 4;  ///< of the session's states, above
constexpr double top = 76;             ///< of the first pair's row
constexpr std::array scale_ms{10.,      20.,      50.,      100.,       200.,      500.,
                              1'000.,   2'000.,   5'000.,   10'000.,    20'000.,   60'000.,
                              120'000., 300'000., 600'000., 1'800'000., 3'600'000.};

/// Much happens in the first milliseconds, and little in the minutes after: time is drawn by its
/// logarithm.
class TimeAxis {
 public:
  explicit TimeAxis(double end_ms) : end_ms_(std::max(end_ms, 1.0)) {}
  double x(double ms) const {
    return label_width + plot_width * std::log1p(ms / knee_ms) / std::log1p(end_ms_ / knee_ms);
  }
  double end_ms() const { return end_ms_; }

 private:
  static constexpr double knee_ms = 15;
  double end_ms_;
};

std::string style_of(const PairThen& pair) {
  return pair.selected ? "selected" : pair.state;
}

std::string scale(const TimeAxis& axis, double bottom) {
  std::string marks;
  double last_x = 0;
  for (const double ms : scale_ms) {
    const double x = axis.x(ms);
    if (ms > axis.end_ms() || x - last_x < 46) continue;
    last_x = x;
    marks += fmt::format(
        R"(<line class="grid" x1="{0:.1f}" y1="{1}" x2="{0:.1f}" y2="{2}"/><text class="tick" x="{0:.1f}" y="{3}">{4}</text>)"
        "\n",
        x, top - 8, bottom, bottom + 16, in_words(ms));
  }
  return marks;
}

/// The states that the session went through, as a row of its own.
std::string session_states(const Trace& trace, const TimeAxis& axis) {
  static constexpr std::array states{"gathering", "checking", "connected", "completed", "failed"};
  std::string marks;
  std::array<double, state_rows> free_from{};
  for (const Moment& moment : trace.moments) {
    const std::string state = moment.event.substr(0, moment.event.find(':'));
    if (std::ranges::find(states, state) == states.end()) continue;
    const double x = axis.x(moment.ms);
    const auto free = std::ranges::find_if(free_from, [x](double from) { return from <= x; });
    const auto row = free == free_from.end() ? 0 : free - free_from.begin();
    free_from[static_cast<std::size_t>(row)] = x + 8.0 * static_cast<double>(state.size());
    const double y = 14 + 14.0 * static_cast<double>(row);
    marks += fmt::format(
        R"(<g><title>{}, {}</title><line class="state" x1="{:.1f}" y1="{}" x2="{:.1f}" y2="{}"/><text class="state {}" x="{:.1f}" y="{}">{}</text></g>)"
        "\n",
        escaped(moment.event), in_words(moment.ms), x, y - 8, x, top - 8, escaped(state), x + 4, y,
        escaped(state));
  }
  return marks;
}

/// Bars where the pair's state stays the same.
std::string bars(const Trace& trace, const std::string& key, const TimeAxis& axis, double y) {
  std::string drawn;
  std::string style;
  double since = 0;
  const auto end_bar = [&](double until) {
    if (style.empty()) return;
    drawn += fmt::format(
        R"(<rect class="{0}" x="{1:.1f}" y="{2:.1f}" width="{3:.1f}" height="{4}" rx="2"><title>{7}, {5} to {6}</title></rect>)"
        "\n",
        class_of(style), axis.x(since), y, std::max(1.5, axis.x(until) - axis.x(since)), bar_height,
        in_words(since), in_words(until), escaped(style));
  };
  for (const Moment& moment : trace.moments) {
    const auto pair = moment.pairs.find(key);
    const std::string now = pair == moment.pairs.end() ? "" : style_of(pair->second);
    if (now == style) continue;
    end_bar(moment.ms);
    style = now;
    since = moment.ms;
  }
  end_bar(axis.end_ms());
  return drawn;
}

/// A tick for checks that were sent, a dot for answers that came, as far as the moments tell.
std::string checks(const Trace& trace, const std::string& key, const TimeAxis& axis, double y) {
  std::string drawn;
  std::uint64_t sent = 0, answers = 0;
  for (const Moment& moment : trace.moments) {
    const auto pair = moment.pairs.find(key);
    if (pair == moment.pairs.end()) continue;
    const double x = axis.x(moment.ms);
    if (pair->second.checks_sent > sent)
      drawn +=
          fmt::format(R"(<line class="check" x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}"/>)"
                      "\n",
                      x, y - 2, y + bar_height + 2);
    if (pair->second.answers > answers)
      drawn += fmt::format(R"(<circle class="answer" cx="{:.1f}" cy="{:.1f}" r="3"/>)"
                           "\n",
                           x, y + bar_height / 2);
    sent = pair->second.checks_sent;
    answers = pair->second.answers;
  }
  return drawn;
}

std::string row(const Trace& trace, const PairOutcome& pair, const TimeAxis& axis, double y) {
  return fmt::format(R"(<text class="pair{}" x="{}" y="{:.1f}">{}</text>)"
                     "\n",
                     pair.selected ? " chosen" : "", label_width - 10, y + 12.5,
                     escaped(in_words(pair.local) + " \u2192 " + in_words(pair.remote))) +
         bars(trace, pair.key, axis, y) + checks(trace, pair.key, axis, y);
}

}  // namespace

std::string in_words(double ms) {
  if (ms < 10 && ms != std::floor(ms)) return fmt::format("{:.1f} ms", ms);
  if (ms < 1'000) return fmt::format("{:.0f} ms", ms);
  if (ms < 60'000) return fmt::format("{:.3g} s", ms / 1'000);
  return fmt::format("{:.3g} min", ms / 60'000);
}

std::string in_words(const ice::Candidate& candidate) {
  return std::string(to_string(candidate.type)) + " " + candidate.address.to_string();
}

std::string timeline(const Trace& trace) {
  const double last = trace.moments.empty() ? 0 : trace.moments.back().ms;
  const TimeAxis axis(last * 1.08 + 5);
  const double bottom = top + row_height * static_cast<double>(trace.pairs.size());
  std::string drawn =
      fmt::format(R"(<svg viewBox="0 0 {} {}" role="img" aria-label="the check list over time">)"
                  "\n",
                  width, bottom + 24);
  drawn += scale(axis, bottom) + session_states(trace, axis);
  double y = top;
  for (const PairOutcome& pair : trace.pairs) {
    drawn += row(trace, pair, axis, y);
    y += row_height;
  }
  return drawn + "</svg>\n";
}

}  // namespace stile::explain
