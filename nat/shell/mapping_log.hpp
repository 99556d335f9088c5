#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nat/shell/descriptor.hpp"

namespace stile::nat::shell {

/// `--log FILE`: one JSON object a line for each event, mappings made and ended above all (RFC 6888
/// §4); what describe_event() gives. A line with the event "started" says that all mappings before
/// it are over.
class MappingLog {
 public:
  /// Appends. Throws Problem.
  explicit MappingLog(std::string path);

  void add(std::string_view event);
  /// Writes what has been added.
  void flush();
  /// After the file was moved away (SIGHUP). The old one is kept if there cannot be a new one.
  void reopen();
  std::uint64_t lines_lost() const { return lines_lost_; }

 private:
  std::string path_;
  Descriptor fd_;
  std::string lines_;
  std::uint64_t lines_lost_ = 0;
};

}  // namespace stile::nat::shell
