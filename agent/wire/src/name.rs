//! Names as parsed values: what is written wrongly cannot be held. Each type parses on decoding too.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not a name of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// See the rules of [`Email`].
    #[error(
        "not an email address Airhatch can use: expected something like ann@example.org, in plain ASCII letters"
    )]
    Email,
    /// See [`Fingerprint`].
    #[error("not a fingerprint: expected 64 hexadecimal digits, colons and spaces allowed")]
    Fingerprint,
    /// An id of 16 bytes.
    #[error("not an id: expected 32 hexadecimal digits")]
    Id,
    /// See [`Address`].
    #[error("not an address: expected host:port, for example ca.example.org:7400 or [::1]:7400")]
    Address,
    /// See [`crate::InboxFolder`].
    #[error(
        "not a folder in the inbox: expected a relative path such as photos/2026, without dots for folders"
    )]
    Folder,
    /// A block of bytes has another length than its kind.
    #[error("a block of bytes has the wrong length")]
    Length,
}

/// An account's email: ASCII, lower case (so that letter case never makes two accounts), one `@`, a dotted or plain
/// host part, 254 bytes at most. Since nothing hidden fits in, it may be printed, and serve as a folder's name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The email as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let lower = text.trim().to_ascii_lowercase();
        let (local, host) = lower.split_once('@').ok_or(NameError::Email)?;
        let local_ok = (1..=64).contains(&local.len())
            && !local.starts_with(['.', '-'])
            && !local.ends_with('.')
            && !local.contains("..")
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if local_ok && lower.len() <= 254 && host.split('.').all(label_ok) {
            Ok(Self(lower))
        } else {
            Err(NameError::Email)
        }
    }
}

impl TryFrom<String> for Email {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let email: Self = text.parse()?;
        // On the wire only the canonical spelling exists.
        if email.0 == text { Ok(email) } else { Err(NameError::Email) }
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a certificate (a CA's) or of an account's Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The first eight bytes as `a1b2 c3d4 e5f6 0718`, for places where the whole does not fit.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(19);
        text
    }
}

impl FromStr for Fingerprint {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
        hex_bytes(&digits).map(Self).ok_or(NameError::Fingerprint)
    }
}

impl fmt::Display for Fingerprint {
    /// Groups of four digits, separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, pair) in self.0.chunks(2).enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            write_hex(pair, f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 16]);

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                hex_bytes(text).map(Self).ok_or(NameError::Id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }
    };
}

id! {
    /// One transfer, chosen at random by its sender; the same on both sides.
    TransferId
}
id! {
    /// One staging folder under an account's `outbox`, chosen at random by the warden.
    StageId
}

impl TransferId {
    /// The first eight digits: enough to tell the transfers of one list apart for a person.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }
}

/// Where a program listens: a host name or IP address, and a port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// The host without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, never 0.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// True when the host is a loopback address or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl From<std::net::SocketAddr> for Address {
    fn from(address: std::net::SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

impl FromStr for Address {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (host, port) = text.trim().rsplit_once(':').ok_or(NameError::Address)?;
        let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host_ok = match bracketed {
            Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
            None => host.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)),
        };
        let host = bracketed.unwrap_or(host).to_ascii_lowercase();
        match port.parse::<u16>() {
            Ok(port) if port > 0 && host_ok && (1..=253).contains(&host.len()) => Ok(Self { host, port }),
            _ => Err(NameError::Address),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn hex_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, d| byte << 4 | d)).collect();
    if digits.len() == 2 * N { bytes.try_into().ok() } else { None }
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn an_email_is_kept_in_lower_case() {
        assert_eq!("Ann.Lee+tag@Example.ORG".parse::<Email>().unwrap().as_str(), "ann.lee+tag@example.org");
    }

    #[test]
    fn texts_that_are_no_email_are_refused() {
        for text in [
            "",
            "ann",
            "@b",
            "a@",
            "a@@b",
            "a@b@c",
            "a b@c",
            "a@b..c",
            ".a@b",
            "a.@b",
            "a..b@c",
            "-a@b",
            "a@-b",
            "a/../b@c",
            "a\u{301}@b",
            "а@b.org",
            "a@b\u{200b}",
            "a\0@b",
            "a@b/",
            "..@b",
            "a@[::1]",
        ] {
            assert_eq!(text.parse::<Email>(), Err(NameError::Email), "{text:?}");
        }
        assert!(format!("{}@b.org", "a".repeat(65)).parse::<Email>().is_err());
        assert!(format!("a@{}", "b.".repeat(130)).parse::<Email>().is_err());
    }

    #[test]
    fn a_fingerprint_reads_back_in_every_spelling() {
        let fingerprint = Fingerprint([0xab; 32]);
        for text in [fingerprint.to_string(), "AB".repeat(32), "ab:".repeat(31) + "ab"] {
            assert_eq!(text.parse::<Fingerprint>().unwrap(), fingerprint);
        }
        assert!("ab".repeat(31).parse::<Fingerprint>().is_err());
        assert!("zz".repeat(32).parse::<Fingerprint>().is_err());
    }

    #[test]
    fn an_id_reads_back_and_refuses_other_lengths() {
        let id = TransferId([7; 16]);
        assert_eq!(id.to_string().parse::<TransferId>().unwrap(), id);
        assert!("07".repeat(15).parse::<TransferId>().is_err());
        assert!("../../../../../../../../../../..".parse::<StageId>().is_err());
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for text in ["127.0.0.1:7400", "[::1]:1", "ca.example.org:65535", "localhost:80"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for text in ["", "a", ":1", "a:0", "a:65536", "::1:80", "[a]:1", "a b:1", "a\u{1b}:1"] {
            assert_eq!(text.parse::<Address>(), Err(NameError::Address), "{text:?}");
        }
        assert!("[::1]:5".parse::<Address>().unwrap().is_loopback());
        assert!(!"10.0.0.1:5".parse::<Address>().unwrap().is_loopback());
    }
}
