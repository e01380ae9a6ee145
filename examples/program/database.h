#pragma once

namespace SQLite {
class Database;
}

namespace program {

class Arguments;

/// The SQLite file of a sample, `--db FILE`, made where it is missing. What is committed to it is
/// on the disk, for whoever is told of it goes by it. Ends the process with 2 where it can't be
/// opened.
SQLite::Database open_database(const Arguments& arguments);

}  // namespace program
