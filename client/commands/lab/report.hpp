#pragma once

#include <span>
#include <string>

#include "client/commands/lab/meeting.hpp"
#include "client/commands/lab/scenario.hpp"

namespace stile::lab {

/// How wide the columns of a table of these are that name NATs.
std::size_t width_of_names(std::span<const Scenario> scenarios);
/// The line above the table: its columns.
std::string table_head(std::size_t width);
/// One row: who stood behind what, how they met, and whether theory says so.
std::string table_row(const Scenario& scenario, const Meeting& meeting, std::size_t width);
/// What EIM, ADF and so on mean, for people who see them for the first time.
std::string legend();
/// The same facts as one line of JSON, with where they were found: in namespaces, or in the
/// simulator.
std::string json_row(const Scenario& scenario, const Meeting& meeting, const std::string& where);

}  // namespace stile::lab
