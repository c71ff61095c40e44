//! A file or folder as others meet it, and the rules that it must keep: who owns it, who may do what. Numbers only; knows
//! no account.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::cli::human;

/// Bits of a mode: what group and others may do, and the bit that keeps a folder's entries to their owners.
const WRITE: u32 = 0o022;
const ANYTHING: u32 = 0o077;
const OTHERS: u32 = 0o007;
const STICKY: u32 = 0o1000;

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    Link,
    Other,
}

/// A file or folder that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) owner: u32,
    pub(super) group: u32,
    pub(super) mode: u32,
}

impl Place {
    /// Looks at a path, not at what a link leads to; `None` when nothing is there.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn look(path: &Path) -> io::Result<Option<Self>> {
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let kind = if metadata.is_dir() {
            Kind::Folder
        } else if metadata.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        };
        Ok(Some(Self { kind, owner: metadata.uid(), group: metadata.gid(), mode: metadata.mode() & 0o7777 }))
    }

    /// What these bits let others do, in words.
    pub(super) fn done_with(&self, bits: u32) -> String {
        let enter = if self.kind == Kind::Folder { "entered" } else { "run" };
        let words = [(0o044, "read"), (WRITE, "written"), (0o011, enter)];
        let some = words.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, word)| *word);
        some.collect::<Vec<_>>().join(" and ")
    }
}

/// What a place must be like.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Where.
    pub(super) path: PathBuf,
    closed: u32,
    roots: bool,
    owner: Option<u32>,
}

impl Rule {
    /// Of this user, and for nobody else.
    pub(super) const fn private(path: PathBuf) -> Self {
        Self { path, closed: ANYTHING, roots: false, owner: None }
    }

    /// A folder of this user in which nobody else may write.
    pub(super) fn shared_folder(path: PathBuf) -> Self {
        Self { closed: WRITE, ..Self::private(path) }
    }

    /// A folder on the way, of this user or of root, in which nobody else may replace what is not theirs.
    pub(super) fn way(path: PathBuf) -> Self {
        Self { closed: WRITE, roots: true, ..Self::private(path) }
    }

    /// It may also belong to this user, where root asks.
    pub(super) fn or_owned_by(self, other: u32) -> Self {
        Self { owner: Some(other), ..self }
    }

    /// Who may own it, when this user asks.
    pub(super) fn owners(&self, ourselves: u32) -> Vec<u32> {
        let root = self.roots.then_some(0);
        let other = self.owner.filter(|_| ourselves == 0);
        [Some(ourselves), root, other].into_iter().flatten().collect()
    }

    /// The bits that are open and must be closed. Where others may look, a group of the owner's own number is the owner:
    /// many systems give every user one, and let it write.
    pub(super) const fn too_much(&self, place: &Place) -> u32 {
        if self.roots && place.mode & STICKY != 0 {
            0
        } else if self.closed == WRITE && place.group == place.owner {
            place.mode & self.closed & OTHERS
        } else {
            place.mode & self.closed
        }
    }

    /// The line to type.
    pub(super) fn mended(&self, place: &Place) -> String {
        let how = match (self.closed, place.kind) {
            (WRITE, _) => "go-w",
            (_, Kind::Folder) => "700",
            _ => "600",
        };
        format!("chmod {how} {}", quoted(&self.path))
    }
}

/// A path as a shell takes it. Hidden characters are shown, not typed: such a line does nothing.
fn quoted(path: &Path) -> String {
    let text = human::path(path.as_os_str().as_encoded_bytes());
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-@+,:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Place = Place { kind: Kind::Other, owner: 1000, group: 100, mode: 0o644 };

    #[test]
    fn what_is_open_is_named_and_closed_by_one_line() {
        let rule = Rule::private("/home/ann/vault".into());
        assert_eq!(FILE.done_with(rule.too_much(&FILE)), "read");
        assert_eq!(rule.mended(&FILE), "chmod 600 /home/ann/vault");
        let folder = Place { kind: Kind::Folder, mode: 0o777, ..FILE };
        let rule = Rule::private("/home/ann's box".into());
        assert_eq!(folder.done_with(rule.too_much(&folder)), "read and written and entered");
        assert_eq!(rule.mended(&folder), r"chmod 700 '/home/ann'\''s box'");
        assert_eq!(rule.too_much(&Place { mode: 0o700, ..folder }), 0);
    }

    #[test]
    fn a_folder_for_all_on_the_way_is_safe_when_sticky() {
        let way = Rule::way("/tmp".into());
        let folder = |mode| Place { kind: Kind::Folder, owner: 0, group: 1, mode };
        assert_eq!(way.too_much(&folder(0o1777)), 0);
        assert_eq!(way.too_much(&folder(0o755)), 0);
        assert_eq!(way.too_much(&folder(0o777)), 0o022);
        assert_eq!(way.mended(&folder(0o777)), "chmod go-w /tmp");
    }

    #[test]
    fn a_users_own_group_may_write_only_where_others_may_look() {
        let own = Place { kind: Kind::Folder, owner: 1000, group: 1000, mode: 0o775 };
        let shared = Rule::shared_folder("/home/ann/Downloads".into());
        assert_eq!(shared.too_much(&own), 0);
        assert_eq!(shared.too_much(&Place { group: 100, ..own }), 0o020);
        assert_eq!(shared.too_much(&Place { mode: 0o777, ..own }), 0o002);
        assert_eq!(Rule::private("/x".into()).too_much(&own), 0o075);
    }

    #[test]
    fn root_may_own_the_way_and_a_container_only_what_root_gave_it() {
        assert_eq!(Rule::way("/".into()).owners(1000), [1000, 0]);
        assert_eq!(Rule::private("/x".into()).owners(1000), [1000]);
        assert_eq!(Rule::private("/x".into()).or_owned_by(65532).owners(1000), [1000]);
        assert_eq!(Rule::private("/x".into()).or_owned_by(65532).owners(0), [0, 65532]);
    }
}
