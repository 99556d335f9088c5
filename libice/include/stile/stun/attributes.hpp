#pragma once

// Every attribute of RFC 8489, 8656, 8445, 5780, 6062, 7635 and 8016 as a struct with its `type`,
// `static std::expected<T, ParseError> parse(Bytes value, const MessageView&)` and `void
// write(MessageBuilder&) const`.

#include "stile/stun/attributes/address.hpp"
#include "stile/stun/attributes/behavior.hpp"
#include "stile/stun/attributes/credential.hpp"
#include "stile/stun/attributes/error_code.hpp"
#include "stile/stun/attributes/ice.hpp"
#include "stile/stun/attributes/relay.hpp"
