#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nat/core/nat.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat::shell {

// `--state FILE`: the sessions of a stile-nat that has ended, for the next one, and the mappings
// that its hosts have asked for. The file is what `ctl list --json` prints, with the time when it
// was written.

/// A mapping that a host has asked for. Its nonce is not in the file: any client of the host may
/// change it.
struct SavedMapping {
  MapRequest request;  ///< exactly its external endpoint; without the end of its time
  Duration time_left{};
};

struct SavedState {
  std::vector<SessionInfo> sessions;
  std::vector<SavedMapping> mappings;
};

/// Throws Problem if write_state() could not write there.
void require_writable(const std::string& path);
/// Replaces the file in one step. Throws Problem.
void write_state(const std::string& path, const std::string& sessions);
/// Those that have time left; none if there is no such file. Throws Problem if it is no state file.
SavedState read_state(const std::string& path);

/// The text of a state file, and what is in it after so long a time. Nothing if it is none.
std::string state_text(const std::string& sessions, std::int64_t unix_seconds);
std::optional<SavedState> parse_state(const std::string& text, std::int64_t unix_seconds);

}  // namespace stile::nat::shell
