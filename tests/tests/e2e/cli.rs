//! `airhatch` on the command line, with everything real behind it: what it does, and its exit codes.

mod receipts;
mod refusals;
mod story;
