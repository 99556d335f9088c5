#include "nat/shell/event_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

namespace stile::nat::shell {

namespace {

// Names and addresses have nothing in them that JSON would have escaped.
struct Describe {
  std::string operator()(const MappingCreated& mapping) const {
    return "created" + mapping_text(mapping);
  }
  std::string operator()(const MappingEnded& mapping) const {
    return fmt::format(R"(ended{},"reason":"{}")", mapping_text(mapping), name_of(mapping.reason));
  }
  std::string operator()(const FlowRefused& flow) const {
    return fmt::format(R"(refused","protocol":"{}","inside":"{}","reason":"{}")",
                       name_of(flow.protocol), flow.inside.to_string(), name_of(flow.reason));
  }
  std::string operator()(const ExternalChanged& change) const {
    std::string list;
    for (const IpAddress& address : change.external)
      list += fmt::format(R"({}"{}")", list.empty() ? "" : ",", address.to_string());
    return fmt::format(R"(external","external":[{}])", list);
  }
  std::string operator()(const PortBlockAssigned& block) const {
    return "block-assigned" + block_text(block);
  }
  std::string operator()(const PortBlockReleased& block) const {
    return "block-released" + block_text(block);
  }
  std::string operator()(const SessionCreated& session) const {
    return "session-created" + session_text(session);
  }
  std::string operator()(const SessionEnded& session) const {
    return "session-ended" + session_text(session);
  }
  std::string operator()(const ServerChanged& change) const {
    return fmt::format(R"(server","server":"{}","well":{})", change.server.to_string(),
                       change.is_well);
  }
  static std::string block_text(const PortBlock& block) {
    return fmt::format(R"(","inside":"{}","external":"{}","ports":"{}-{}")",
                       block.inside.to_string(), block.external.to_string(), block.first,
                       block.last);
  }
  static std::string session_text(const SessionCreated& session) {
    return fmt::format(R"(","protocol":"{}","inside":"{}","external":"{}","remote":"{}")",
                       name_of(session.protocol), session.inside.to_string(),
                       session.external.to_string(), session.remote.to_string());
  }
  static std::string mapping_text(const MappingInfo& mapping) {
    std::string text =
        fmt::format(R"(","protocol":"{}","inside":"{}","external":"{}")", name_of(mapping.protocol),
                    mapping.inside.to_string(), mapping.external.to_string());
    if (mapping.remote) text += fmt::format(R"(,"remote":"{}")", mapping.remote->to_string());
    if (mapping.is_forward) text += R"(,"forward":true)";
    if (mapping.is_explicit) text += R"(,"explicit":true)";
    return text;
  }
};

}  // namespace

std::string utc_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds.count()),
                     milliseconds.count());
}

std::string describe_event(const Event& event, std::string_view time) {
  return fmt::format(R"({{"time":"{}","event":"{}}})", time, std::visit(Describe{}, event));
}

bool is_logged(const Event& event, LogDetail detail) {
  const bool is_mapping =
      std::holds_alternative<MappingCreated>(event) || std::holds_alternative<MappingEnded>(event);
  return detail != LogDetail::blocks || !is_mapping;
}

}  // namespace stile::nat::shell
