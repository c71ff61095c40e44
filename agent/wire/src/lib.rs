//! Every word one Airhatch process says to another, and how words become bytes.
//!
//! Owned here: the four protocols (`control`, `warden`, `peer`, `authority`), the frame they share, and the
//! parsed names they are made of. Used by every program. Must never know: a key, a socket, a file.
#![forbid(unsafe_code)]

pub mod authority;
pub mod control;
pub mod failure;
mod folder;
pub mod frame;
pub mod link;
pub mod name;
pub mod path;
pub mod peer;
mod selection;
pub mod signed;
pub mod time;
pub mod untrusted;
pub mod warden;

pub use failure::{Code, Failure};
pub use folder::InboxFolder;
pub use name::{Address, Email, Fingerprint, StageId, TransferId};
pub use selection::{RUNS_LIMIT, Run, Selection, SelectionError};
pub use time::UnixMillis;
pub use untrusted::Untrusted;

/// Bytes that travel as one block (certificates, sealed nonces, signed bodies).
pub type Blob = serde_bytes::ByteBuf;
