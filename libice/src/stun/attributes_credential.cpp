#include "stile/stun/attributes/credential.hpp"

#include <algorithm>

namespace stile::stun {

namespace {

/// RFC 8489 §14.11: number, length of the parameters, the parameters padded to 4 bytes.
std::expected<PasswordAlgorithmEntry, ParseError> take_entry(Bytes& value) {
  if (value.size() < 4) return std::unexpected(ParseError::attribute_malformed);
  const std::size_t length = load_u16(value.data() + 2);
  const std::size_t padded = (length + 3) & ~std::size_t{3};
  if (value.size() < 4 + length) return std::unexpected(ParseError::attribute_malformed);
  const PasswordAlgorithmEntry entry{load_u16(value.data()), value.subspan(4, length)};
  value = value.subspan(std::min(value.size(), 4 + padded));
  return entry;
}

std::size_t size_of(const PasswordAlgorithmEntry& entry) {
  return 4 + ((entry.parameters.size() + 3) & ~std::size_t{3});
}

void put_entry(std::uint8_t* at, const PasswordAlgorithmEntry& entry) {
  store_u16(at, entry.number);
  store_u16(at + 2, static_cast<std::uint16_t>(entry.parameters.size()));
  std::ranges::copy(entry.parameters, at + 4);
}

}  // namespace

std::expected<Userhash, ParseError> Userhash::parse(Bytes value, const MessageView&) {
  Userhash userhash;
  if (value.size() != userhash.hash.size()) return std::unexpected(ParseError::attribute_malformed);
  std::ranges::copy(value, userhash.hash.begin());
  return userhash;
}

void Userhash::write(MessageBuilder& builder) const {
  builder.add(type, hash);
}

std::expected<PasswordAlgorithm, ParseError> PasswordAlgorithm::parse(Bytes value,
                                                                      const MessageView&) {
  const auto entry = take_entry(value);
  if (!entry) return std::unexpected(entry.error());
  if (!value.empty()) return std::unexpected(ParseError::attribute_malformed);
  return PasswordAlgorithm{*entry};
}

void PasswordAlgorithm::write(MessageBuilder& builder) const {
  if (const MutableBytes out = builder.append(type, size_of(algorithm)); !out.empty())
    put_entry(out.data(), algorithm);
}

std::expected<PasswordAlgorithms, ParseError> PasswordAlgorithms::parse(Bytes value,
                                                                        const MessageView&) {
  PasswordAlgorithms list;
  while (!value.empty()) {
    const auto entry = take_entry(value);
    if (!entry) return std::unexpected(entry.error());
    list.algorithms.push_back(*entry);
  }
  return list;
}

void PasswordAlgorithms::write(MessageBuilder& builder) const {
  std::size_t size = 0;
  for (const auto& entry : algorithms) size += size_of(entry);
  const MutableBytes out = builder.append(type, size);
  if (out.empty()) return;
  std::uint8_t* at = out.data();
  for (const auto& entry : algorithms) {
    put_entry(at, entry);
    at += size_of(entry);
  }
}

}  // namespace stile::stun
