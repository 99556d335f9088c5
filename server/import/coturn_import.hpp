#pragma once

#include <string>
#include <vector>

#include "server/import/coturn_file.hpp"

namespace stile::server {

/// coturn's configuration as ours, and what of it could not be carried over.
struct CoturnImport {
  struct Remark {
    unsigned line;
    std::string text;  ///< "KEY: why"
  };
  std::string toml;
  std::vector<Remark> remarks;  ///< by line
};

CoturnImport import_coturn(const CoturnFile& file);

}  // namespace stile::server
