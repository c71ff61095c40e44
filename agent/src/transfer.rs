//! How offers are made and checked, and how bytes go from one agent's `outbox` to another's `inbox`.
//!
//! [`offer`] makes and judges statements; [`send`] brings one offer to its recipient; [`receive`] carries one arriving
//! offer to its end. Each runs in a task of its own and reports to the hub. Bulk bytes never pass through the hub: two
//! threads, [`reader`] and [`writer`], read and seal, open and write, and are joined to the connection by [`pipe`];
//! [`pace`] says how fast.

pub mod offer;
pub mod pace;
pub mod pipe;
pub mod reader;
pub mod receive;
pub mod send;
pub mod table;
pub mod turns;
pub mod writer;
