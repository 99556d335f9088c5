#include "client/commands/explain/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/commands/explain/markup.hpp"
#include "client/commands/explain/timeline.hpp"

namespace stile::explain {

namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1c2024; --dim: #6b7480; --line: #e2e6ea; --paper: #fff;
  --frozen: #d5dbe1; --waiting: #aeb8c2; --in-progress: #f2b544; --succeeded: #8fcf9b; --selected: #1f8a43;
  --failed: #e0705f; --not-needed: #eef1f4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --dim: #98a2ad; --line: #31373d; --paper: #16191c;
  --frozen: #353c43; --waiting: #55606b; --in-progress: #c98f22; --succeeded: #3f7a4b; --selected: #35b564;
  --failed: #b4483a; --not-needed: #22272c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 1160px; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
.outcome { font-size: 1.05rem; margin: 0; } .outcome b { color: var(--selected); } .outcome b.bad { color: var(--failed); }
.dim, figcaption { color: var(--dim); } figure { margin: 0; overflow-x: auto; } svg { min-width: 900px; width: 100%; }
figcaption span { white-space: nowrap; margin-right: 1rem; }
figcaption i { display: inline-block; width: 1.1em; height: .75em; border-radius: 2px; margin-right: .35em; }
svg text { font: 12px ui-monospace, monospace; fill: var(--ink); } svg text.pair { text-anchor: end; font-size: 11px; }
svg text.chosen { font-weight: bold; } svg text.tick { text-anchor: middle; fill: var(--dim); font-size: 11px; }
svg text.state.failed { fill: var(--failed); } svg text.state.completed, svg text.state.connected { fill: var(--selected); }
svg line.grid { stroke: var(--line); } svg line.state { stroke: var(--dim); stroke-dasharray: 2 2; }
svg line.check { stroke: var(--ink); opacity: .55; } svg circle.answer { fill: var(--paper); stroke: var(--ink); }
.frozen { fill: var(--frozen); background: var(--frozen); } .waiting { fill: var(--waiting); background: var(--waiting); }
.in-progress { fill: var(--in-progress); background: var(--in-progress); }
.succeeded { fill: var(--succeeded); background: var(--succeeded); }
.selected { fill: var(--selected); background: var(--selected); } .failed { fill: var(--failed); background: var(--failed); }
.not-needed { fill: var(--not-needed); background: var(--not-needed); }
svg text.failed { background: none; }
table { border-collapse: collapse; width: 100%; font-size: 14px; } .scroll { overflow-x: auto; }
th { text-align: left; font-weight: 600; color: var(--dim); } th, td { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
code { font: 13px ui-monospace, monospace; } tr.chosen td { font-weight: 600; }
td:first-child { white-space: nowrap; } td i { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .4em; }
)";

std::string outcome(const Trace& trace) {
  const auto chosen = std::ranges::find(trace.pairs, true, &PairOutcome::selected);
  const auto said = [&](std::string_view state) {
    return std::ranges::find_if(
        trace.moments, [&](const Moment& moment) { return moment.event.starts_with(state); });
  };
  const auto failed = said("failed");
  const auto connected = said("connected");
  if (failed != trace.moments.end())
    return fmt::format("<b class=\"bad\">Failed</b> after {}{}.", in_words(failed->ms),
                       escaped(failed->event.substr(std::string_view("failed").size())));
  if (chosen == trace.pairs.end() || connected == trace.moments.end())
    return "<b class=\"bad\">Not connected</b> when it ended.";
  return fmt::format(
      "<b>Connected</b> after {}; data went from <code>{}</code> to <code>{}</code>.",
      in_words(connected->ms), escaped(in_words(chosen->local)), escaped(in_words(chosen->remote)));
}

std::string legend() {
  std::string spans;
  for (const char* state :
       {"frozen", "waiting", "in progress", "succeeded", "selected", "not needed", "failed"})
    spans += fmt::format(R"(<span><i class="{}"></i>{}</span>)", class_of(state), state);
  return "<figcaption>" + spans +
         "<span>| checks sent</span><span>\u25cb answers</span><span>time by its logarithm</span>"
         "</figcaption>\n";
}

std::string number(std::uint64_t value) {
  return fmt::format(R"(<td class="number">{}</td>)", value);
}

std::string row(const PairOutcome& pair) {
  return fmt::format(
             R"(<tr{}><td><i class="{}"></i>{}</td><td><code>{}</code></td><td><code>{}</code></td><td>{}</td>)",
             pair.selected ? " class=\"chosen\"" : "",
             pair.selected ? "selected" : class_of(pair.state),
             pair.selected ? "selected" : escaped(pair.state), escaped(in_words(pair.local)),
             escaped(in_words(pair.remote)), escaped(pair.explanation)) +
         number(pair.checks_sent) + number(pair.answers) + number(pair.checks_received) +
         fmt::format(R"(<td class="number">{}</td>)",
                     pair.round_trip_ms < 0 ? "" : in_words(pair.round_trip_ms)) +
         number(pair.packets_sent) + number(pair.packets_received) + "</tr>\n";
}

std::string pairs(const Trace& trace) {
  std::string rows;
  for (const PairOutcome& pair : trace.pairs) rows += row(pair);
  return "<div "
         "class=\"scroll\"><table>\n<tr><th>state</th><th>local</th><th>remote</th><th>why</th>"
         "<th class=\"number\">checks sent</th><th class=\"number\">answers</th><th "
         "class=\"number\">checks heard</th>"
         "<th class=\"number\">round trip</th><th class=\"number\">data sent</th><th "
         "class=\"number\">data heard</th></tr>\n" +
         rows + "</table></div>\n";
}

std::string events(const Trace& trace) {
  std::string rows;
  for (const Moment& moment : trace.moments)
    if (!moment.event.empty())
      rows += fmt::format(R"(<tr><td class="number">{}</td><td><code>{}</code></td></tr>)"
                          "\n",
                          in_words(moment.ms), escaped(moment.event));
  return "<div class=\"scroll\"><table>\n" + rows + "</table></div>\n";
}

}  // namespace

std::string page(const Trace& trace) {
  const std::string role = trace.role.empty() ? "" : ", " + escaped(trace.role) + " side";
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>An ICE "
      "session{0}</title><style>{1}</style></head>\n"
      "<body>\n<h1>An ICE session{0}</h1>\n<p class=\"outcome\">{2}</p>\n"
      "<h2>The check list over time</h2>\n<figure>{3}{4}</figure>\n"
      "<h2>What became of each pair, and why</h2>\n{5}<h2>What happened "
      "when</h2>\n{6}</body></html>\n",
      role, style, outcome(trace), timeline(trace), legend(), pairs(trace), events(trace));
}

}  // namespace stile::explain
