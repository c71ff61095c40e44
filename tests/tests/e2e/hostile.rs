//! Peers that send garbage, nothing, too much, the wrong sender, an old offer: refused by name, and nothing remains.

mod bytes;
mod offers;
mod recipients;
mod resume;
mod streams;
