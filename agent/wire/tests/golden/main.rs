//! Every message of every protocol as the bytes that it is, frozen in `words.txt`: one line each, hexadecimal.
//!
//! A variant that is added does not compile until it is named here, and fails until it has a line. A line that changes
//! means that an older program reads something else: raise the protocol's version then, and only then renew the file
//! by running this test with `AIRHATCH_RENEW_GOLDEN=1`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

/// Names every variant of an enum, so that none can be forgotten.
macro_rules! every {
    ($of:ident { $($variant:ident),* $(,)? }) => {
        impl crate::Every for $of {
            const ALL: &'static [&'static str] = &[$(stringify!($variant)),*];

            fn variant(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant)),*
                }
            }
        }
    };
}

mod authority;
mod control;
mod peer;
mod shared;
mod values;
mod warden;

use std::fmt::{Debug, Write};

use airhatch_wire::frame::{from_bytes, to_bytes};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An enum whose variants are all known here.
trait Every {
    const ALL: &'static [&'static str];

    fn variant(&self) -> &'static str;
}

/// The lines of all messages.
#[derive(Default)]
struct Golden(String);

impl Golden {
    /// One line for each sample of an enum; every variant has one.
    fn every<T: Every + Serialize + DeserializeOwned + PartialEq + Debug>(
        &mut self,
        of: &str,
        samples: &[T],
    ) {
        for name in T::ALL {
            assert!(samples.iter().any(|sample| sample.variant() == *name), "{of}::{name} has no line");
        }
        for sample in samples {
            self.one(&format!("{of}::{}", sample.variant()), sample);
        }
    }

    /// One line for a value.
    fn one<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, sample: &T) {
        let bytes = to_bytes(sample).unwrap();
        assert_eq!(from_bytes::<T>(&bytes).unwrap(), *sample, "{name} does not read back");
        self.bytes(name, &bytes);
    }

    /// One line for bytes that are no value.
    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        write!(self.0, "{name} ").unwrap();
        for byte in bytes {
            write!(self.0, "{byte:02x}").unwrap();
        }
        self.0.push('\n');
    }
}

#[test]
fn every_message_is_the_bytes_that_it_always_was() {
    let mut golden = Golden::default();
    shared::lines(&mut golden);
    control::lines(&mut golden);
    warden::lines(&mut golden);
    peer::lines(&mut golden);
    authority::lines(&mut golden);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/words.txt");
    if std::env::var_os("AIRHATCH_RENEW_GOLDEN").is_some() {
        std::fs::write(file, &golden.0).unwrap();
    }
    let frozen = std::fs::read_to_string(file).unwrap();
    for (was, is) in frozen.lines().zip(golden.0.lines()) {
        assert_eq!(is, was);
    }
    assert_eq!(golden.0.lines().count(), frozen.lines().count(), "lines were added or taken away");
}

#[test]
fn a_message_with_a_byte_more_or_less_is_none() {
    let bytes = to_bytes(&control::commands()[0]).unwrap();
    assert!(from_bytes::<airhatch_wire::control::Command>(&bytes[..bytes.len() - 1]).is_err());
    assert!(from_bytes::<airhatch_wire::control::Command>(&[bytes.as_slice(), &[0]].concat()).is_err());
}
