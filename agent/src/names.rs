//! Names that may stand beside each other: which table of items may be offered at all, and the free name beside one that
//! is taken. What one path may be is said in [`airhatch_wire::path`].

mod free;
mod table;

pub use airhatch_wire::path::{INCOMING, NAME_LIMIT, NameRefused, check};
pub use free::free_name;
pub use table::{TableRefused, check_table};
