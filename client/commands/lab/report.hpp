#pragma once

#include <string>

#include "client/commands/lab/meeting.hpp"
#include "client/commands/lab/scenario.hpp"

namespace stile::lab {

/// The lines above the table: its columns, and what the words in it mean.
std::string table_head();
/// One row: who stood behind what, how they met, and whether theory says so.
std::string table_row(const Scenario& scenario, const Meeting& meeting);
/// What EIM, ADF and so on mean, for people who see them for the first time.
std::string legend();
/// The same facts as one line of JSON, with where they were found: in namespaces, or in the
/// simulator.
std::string json_row(const Scenario& scenario, const Meeting& meeting, const std::string& where);

}  // namespace stile::lab
