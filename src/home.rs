//! Where Airhatch keeps things on this machine: `AIRHATCH_HOME` when set, else the XDG data folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use airhatch_wire::{Code, Failure};

/// The folders of one installation's state. Paths only; nothing is created here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    root: PathBuf,
    inbox_base: PathBuf,
}

impl Home {
    /// The home of the user who runs this program.
    ///
    /// # Errors
    /// [`Code::Invalid`] when neither `AIRHATCH_HOME` nor a home folder is known, or it is no absolute path.
    pub(crate) fn of_this_user() -> Result<Self, Failure> {
        Self::from_variables(&|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    /// A home with everything inside one folder.
    pub(crate) fn inside(root: PathBuf) -> Self {
        Self { inbox_base: root.join("Airhatch"), root }
    }

    /// The folder of accounts and logs.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder with every account's keys, store and staged files, which the warden makes and this program never opens.
    pub(crate) fn accounts(&self) -> PathBuf {
        self.root.join("accounts")
    }

    /// The folder of a demonstration's CA, likewise.
    pub(crate) fn authority(&self) -> PathBuf {
        self.root.join("ca")
    }

    /// The folder that has one folder of received files per account.
    pub(crate) fn inbox_base(&self) -> &Path {
        &self.inbox_base
    }

    fn from_variables(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, Failure> {
        if let Some(root) = variable("AIRHATCH_HOME").map(PathBuf::from) {
            return if root.is_absolute() {
                Ok(Self::inside(root))
            } else {
                Err(Failure::new(Code::Invalid, "AIRHATCH_HOME is not an absolute path")
                    .hint("give the whole path, beginning with a slash"))
            };
        }
        let user =
            variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute()).ok_or_else(|| {
                Failure::new(Code::Invalid, "your home folder is not known")
                    .hint("set HOME, or AIRHATCH_HOME to the folder where Airhatch shall keep things")
            })?;
        let folder = |name: &str, default: &str| {
            variable(name).map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or(user.join(default))
        };
        let downloads = std::fs::read_to_string(folder("XDG_CONFIG_HOME", ".config").join("user-dirs.dirs"))
            .ok()
            .and_then(|dirs| download_folder(&dirs, &user))
            .unwrap_or_else(|| user.join("Downloads"));
        Ok(Self {
            root: folder("XDG_DATA_HOME", ".local/share").join("airhatch"),
            inbox_base: downloads.join("Airhatch"),
        })
    }
}

/// The download folder that `user-dirs.dirs` names: `XDG_DOWNLOAD_DIR="$HOME/…"` or an absolute path in quotes.
fn download_folder(dirs: &str, user: &Path) -> Option<PathBuf> {
    let value = dirs
        .lines()
        .filter_map(|line| line.trim().strip_prefix("XDG_DOWNLOAD_DIR="))
        .next_back()?
        .trim()
        .strip_prefix('"')?
        .strip_suffix('"')?;
    match value.strip_prefix("$HOME") {
        Some(rest) => Some(user.join(rest.trim_start_matches('/'))),
        None => Some(PathBuf::from(value)).filter(|path| path.is_absolute()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn home(variables: &[(&str, &str)]) -> Result<Home, Failure> {
        Home::from_variables(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn airhatch_home_holds_everything() {
        let home = home(&[("AIRHATCH_HOME", "/srv/a"), ("HOME", "/home/ann")]).unwrap();
        assert_eq!(home.root(), Path::new("/srv/a"));
        assert_eq!(home.inbox_base(), Path::new("/srv/a/Airhatch"));
    }

    #[test]
    fn without_it_the_xdg_folders_are_used() {
        let plain = home(&[("HOME", "/nowhere/ann")]).unwrap();
        assert_eq!(plain.root(), Path::new("/nowhere/ann/.local/share/airhatch"));
        assert_eq!(plain.inbox_base(), Path::new("/nowhere/ann/Downloads/Airhatch"));
        let moved = home(&[("HOME", "/nowhere/ann"), ("XDG_DATA_HOME", "/data")]).unwrap();
        assert_eq!(moved.root(), Path::new("/data/airhatch"));
    }

    #[test]
    fn a_relative_or_unknown_home_is_refused() {
        assert_eq!(home(&[("AIRHATCH_HOME", "here")]).unwrap_err().code, Code::Invalid);
        assert_eq!(home(&[]).unwrap_err().code, Code::Invalid);
    }

    #[test]
    fn the_download_folder_is_the_one_the_desktop_names() {
        let user = Path::new("/home/ann");
        let named = |text| download_folder(text, user);
        assert_eq!(named("XDG_DOWNLOAD_DIR=\"$HOME/Geladen\"\n"), Some("/home/ann/Geladen".into()));
        assert_eq!(named("# x\nXDG_DOWNLOAD_DIR=\"/big/in\"\n"), Some("/big/in".into()));
        assert_eq!(named("XDG_DESKTOP_DIR=\"$HOME/Desktop\"\n"), None);
        assert_eq!(named("XDG_DOWNLOAD_DIR=\"relative\"\n"), None);
    }
}
