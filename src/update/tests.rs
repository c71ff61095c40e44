//! Rules of the program as a whole: what begins it, what ends it, what goes away, what stays in its place.

mod anything;
mod begin;
mod filter;
mod lists;
mod pastes;
mod steer;
