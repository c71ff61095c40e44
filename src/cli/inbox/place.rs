//! The folder that `--to` names: always one in the account's inbox, which is all that the agent can write to.

use std::path::{Component, Path};

use airhatch_wire::{Code, Failure, InboxFolder};

use crate::cli::human;

/// A folder below the inbox, by its path from there or as a whole; `None` for the inbox itself.
///
/// # Errors
/// [`Code::Invalid`] for a folder that is not there.
pub(super) fn folder_in(inbox: &Path, wanted: &Path) -> Result<Option<InboxFolder>, Failure> {
    let refuse = |what: &str| {
        let folder = human::path(inbox.as_os_str().as_encoded_bytes());
        Failure::new(Code::Invalid, format!("{} {what}", human::path(wanted.as_os_str().as_encoded_bytes())))
            .hint(format!("the agent writes only below {folder}: name a folder there, like photos/2026"))
    };
    let below = match wanted.is_absolute() {
        true => wanted.strip_prefix(inbox).map_err(|_| refuse("is not in the inbox"))?,
        false => wanted,
    };
    let plain = below.components().filter(|part| *part != Component::CurDir);
    let below: std::path::PathBuf = plain.collect();
    let text = below.to_str().ok_or_else(|| refuse("is not UTF-8"))?;
    match text {
        "" => Ok(None),
        "-" => Err(refuse("is no folder: files go to the inbox, not to the standard output")),
        text => text.parse().map(Some).map_err(|_| refuse("cannot be a folder in the inbox")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn folder(wanted: &str) -> Result<Option<String>, Code> {
        let found = folder_in(Path::new("/home/ann/inbox"), Path::new(wanted));
        found.map(|folder| folder.map(|folder| folder.to_string())).map_err(|failure| failure.code)
    }

    #[test]
    fn a_folder_in_the_inbox_is_named_from_there_or_as_a_whole() {
        for (wanted, found) in [
            ("photos/2026", Some("photos/2026")),
            ("./photos/", Some("photos")),
            ("/home/ann/inbox/photos", Some("photos")),
            ("/home/ann/inbox", None),
            (".", None),
        ] {
            assert_eq!(folder(wanted), Ok(found.map(str::to_owned)), "{wanted}");
        }
    }

    #[test]
    fn a_folder_elsewhere_is_refused() {
        for wanted in
            ["/etc", "/home/ann", "/home/ann/inbox/../x", "../x", "a/../../b", "-", "/home/ann/inbox2"]
        {
            assert_eq!(folder(wanted), Err(Code::Invalid), "{wanted}");
        }
    }
}
