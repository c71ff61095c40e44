//! Which offered names deserve a second look before they are taken, by their looks alone: nothing of a file is here yet.

/// What a name may do once it is here, the mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flag {
    /// Nothing to tell.
    #[default]
    None,
    /// Its name begins with a dot: many programs do not list it.
    Hidden,
    /// It can be run.
    Program,
    /// Some systems run it, or what it says, without being asked.
    Autostart,
}

/// Endings of files that some system runs when they are opened.
const PROGRAMS: [&str; 22] = [
    "appimage", "bat", "bin", "cmd", "com", "command", "cpl", "deb", "desktop", "exe", "hta", "jar", "js",
    "lnk", "msi", "pif", "ps1", "rpm", "run", "scr", "sh", "vbs",
];

/// Names that a shell, a desktop or a login looks for.
const AUTOSTARTS: [&str; 20] = [
    ".bash_login",
    ".bash_logout",
    ".bash_profile",
    ".bashrc",
    ".envrc",
    ".gitconfig",
    ".login",
    ".pam_environment",
    ".profile",
    ".ssh",
    ".vimrc",
    ".xinitrc",
    ".xprofile",
    ".xsession",
    ".zprofile",
    ".zshenv",
    ".zshrc",
    "authorized_keys",
    "autorun.inf",
    "desktop.ini",
];

/// Folders whose content is run at a login.
const AUTOSTART_FOLDERS: [&str; 5] = ["autostart", "launchagents", "launchdaemons", "startup", "systemd"];

/// What one part of a path looks like; case never matters.
pub(crate) fn flag(name: &str, is_folder: bool, executable: bool) -> Flag {
    let name = name.to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if AUTOSTARTS.contains(&name.as_str()) || (is_folder && AUTOSTART_FOLDERS.contains(&name.as_str())) {
        Flag::Autostart
    } else if !is_folder && (executable || PROGRAMS.contains(&ending)) {
        Flag::Program
    } else if name.starts_with('.') {
        Flag::Hidden
    } else {
        Flag::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_something_are_told_from_those_that_do_not() {
        for (name, folder, executable, wanted) in [
            ("lake.jpg", false, false, Flag::None),
            ("lake.jpg", false, true, Flag::Program),
            ("Invoice.PDF.EXE", false, false, Flag::Program),
            ("exe", false, false, Flag::None),
            ("tools.sh", true, true, Flag::None),
            (".notes", false, false, Flag::Hidden),
            (".notes", false, true, Flag::Program),
            (".BashRC", false, false, Flag::Autostart),
            ("Autostart", true, false, Flag::Autostart),
            ("autostart", false, false, Flag::None),
            (".ssh", true, false, Flag::Autostart),
            ("", false, false, Flag::None),
        ] {
            assert_eq!(flag(name, folder, executable), wanted, "{name}");
        }
    }
}
