#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nat/core/config.hpp"

namespace stile::nat::shell {

/// The words that the command line has for the values of an enumeration.
template <class Value, std::size_t count>
using Words = std::array<std::pair<std::string_view, Value>, count>;

inline constexpr Words<Behavior, 3> behavior_words{
    {{"endpoint-independent", Behavior::endpoint_independent},
     {"address-dependent", Behavior::address_dependent},
     {"address-and-port-dependent", Behavior::address_and_port_dependent}}};
/// block:N is not among them.
inline constexpr Words<PortAssignment, 6> assignment_words{
    {{"preserve", PortAssignment::preserve},
     {"sequential", PortAssignment::sequential},
     {"random", PortAssignment::random},
     {"overload", PortAssignment::overload},
     {"deterministic", PortAssignment::deterministic},
     {"none", PortAssignment::none}}};
inline constexpr Words<Pooling, 3> pooling_words{{{"paired", Pooling::paired},
                                                  {"soft-paired", Pooling::soft_paired},
                                                  {"arbitrary", Pooling::arbitrary}}};
inline constexpr Words<Refresh, 3> refresh_words{
    {{"outbound", Refresh::outbound}, {"inbound", Refresh::inbound}, {"both", Refresh::both}}};
inline constexpr Words<RefusalAnswer, 3> refusal_words{
    {{"prohibited", RefusalAnswer::prohibited},
     {"host-unreachable", RefusalAnswer::host_unreachable},
     {"silence", RefusalAnswer::silence}}};
inline constexpr Words<UnsolicitedSyn, 3> unsolicited_syn_words{
    {{"hold", UnsolicitedSyn::hold},
     {"silence", UnsolicitedSyn::silence},
     {"reset", UnsolicitedSyn::reset}}};
inline constexpr Words<Fragments, 3> fragments_words{{{"out-of-order", Fragments::out_of_order},
                                                      {"in-order", Fragments::in_order},
                                                      {"drop-all", Fragments::drop_all}}};
inline constexpr Words<IcmpErrors, 3> icmp_errors_words{{{"translate", IcmpErrors::translate},
                                                         {"drop", IcmpErrors::drop},
                                                         {"end-session", IcmpErrors::end_session}}};
inline constexpr Words<Hairpin, 3> hairpin_words{
    {{"external", Hairpin::external}, {"internal", Hairpin::internal}, {"off", Hairpin::off}}};

inline constexpr Words<SipAlg, 3> sip_alg_words{
    {{"off", SipAlg::off}, {"on", SipAlg::on}, {"spoiling", SipAlg::spoiling}}};
inline constexpr Words<Balancer::Sticky, 2> sticky_words{
    {{"address", Balancer::Sticky::address}, {"flow", Balancer::Sticky::flow}}};

/// How the packets of an interface are taken.
enum class PacketsBy : std::uint8_t { automatic, xdp, packet };
inline constexpr Words<PacketsBy, 3> packets_by_words{
    {{"auto", PacketsBy::automatic}, {"xdp", PacketsBy::xdp}, {"packet", PacketsBy::packet}}};

/// What of the flows is logged; each includes the ones before.
enum class LogDetail : std::uint8_t { blocks, mappings, sessions };
inline constexpr Words<LogDetail, 3> log_detail_words{{{"blocks", LogDetail::blocks},
                                                       {"mappings", LogDetail::mappings},
                                                       {"sessions", LogDetail::sessions}}};

template <class Value, std::size_t count>
constexpr std::string_view word_for(const Words<Value, count>& words, Value value) {
  for (const auto& [word, meaning] : words)
    if (meaning == value) return word;
  return {};
}

template <class Value, std::size_t count>
constexpr std::optional<Value> meaning_of(const Words<Value, count>& words, std::string_view text) {
  for (const auto& [word, meaning] : words)
    if (word == text) return meaning;
  return std::nullopt;
}

/// `one, two, three`
template <class Value, std::size_t count>
std::string list_of(const Words<Value, count>& words) {
  std::string list;
  for (const auto& [word, meaning] : words) list += (list.empty() ? "" : ", ") + std::string(word);
  return list;
}

constexpr std::string_view name_of(Behavior behavior) {
  return word_for(behavior_words, behavior);
}
constexpr std::string_view name_of(Pooling pooling) {
  return word_for(pooling_words, pooling);
}
constexpr std::string_view name_of(Refresh refresh) {
  return word_for(refresh_words, refresh);
}
constexpr std::string_view name_of(RefusalAnswer answer) {
  return word_for(refusal_words, answer);
}
constexpr std::string_view name_of(UnsolicitedSyn answer) {
  return word_for(unsolicited_syn_words, answer);
}
constexpr std::string_view name_of(Fragments fragments) {
  return word_for(fragments_words, fragments);
}
constexpr std::string_view name_of(IcmpErrors errors) {
  return word_for(icmp_errors_words, errors);
}
constexpr std::string_view name_of(Hairpin hairpin) {
  return word_for(hairpin_words, hairpin);
}
inline std::string name_of(PortAssignment ports, std::uint16_t block_size) {
  if (ports == PortAssignment::block) return "block:" + std::to_string(block_size);
  return std::string(word_for(assignment_words, ports));
}

}  // namespace stile::nat::shell
