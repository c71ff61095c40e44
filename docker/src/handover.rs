//! Giving an account's folders to its agent, where root runs this program: the agent of a container is another user than
//! the agent of a process, and an account may have moved from one to the other since. For everybody else agents are
//! themselves. Called by the runtimes before a start, with no agent running.
//!
//! An agent could write in some of these folders, so links are never followed; and a file that has another name too, as
//! a staged one may have, is not given away but replaced by a copy: it may be somebody's own.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, Stat, Uid, chownat, fchown, fstat, openat, renameat,
    statat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::home::Folders;

/// Where an inbox has the parts of files that are still on their way.
const INCOMING: &str = ".incoming";

/// What the copy of a file is called until it takes its place.
const COPY: &str = ".airhatch-copy";

/// Gives folders, staged files and parts of incoming files to the account's agent. Received files stay whose they are.
pub(crate) fn hand_over(folders: &Folders) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let agent = (folders.agent_user, Gid::from_raw(folders.agent_user.as_raw()));
    for folder in [folders.inbox.as_path(), &folders.control(), &folders.drop_folder()] {
        give(&open(CWD, folder)?, agent)?;
    }
    give_all(&open(CWD, &folders.outbox())?, agent)?;
    let inbox = open(CWD, &folders.inbox)?;
    match open(&inbox, Path::new(INCOMING)) {
        Ok(incoming) => give_all(&incoming, agent),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn give_all(folder: &OwnedFd, agent: (Uid, Gid)) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => {
                let below = openat(folder, name, FOLDER, Mode::empty())?;
                give_all(&below, agent)?;
            }
            FileType::RegularFile if is_of(&found, agent) => {}
            FileType::RegularFile if found.st_nlink > 1 => copy(folder, name, agent)?,
            FileType::RegularFile => {
                chownat(folder, name, Some(agent.0), Some(agent.1), AtFlags::SYMLINK_NOFOLLOW)?;
            }
            _ => {}
        }
    }
    give(folder, agent)
}

fn give(folder: &OwnedFd, agent: (Uid, Gid)) -> io::Result<()> {
    if is_of(&fstat(folder)?, agent) { Ok(()) } else { Ok(fchown(folder, Some(agent.0), Some(agent.1))?) }
}

fn is_of(found: &Stat, (user, group): (Uid, Gid)) -> bool {
    (found.st_uid, found.st_gid) == (user.as_raw(), group.as_raw())
}

/// Puts a copy that belongs to the agent in the place of a file.
fn copy(folder: &OwnedFd, name: &std::ffi::CStr, agent: (Uid, Gid)) -> io::Result<()> {
    let from = openat(folder, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let how = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let to = openat(folder, COPY, how, Mode::RUSR | Mode::WUSR)?;
    let (mut from, mut to) = (std::fs::File::from(from), std::fs::File::from(to));
    io::copy(&mut from, &mut to)?;
    let metadata = from.metadata()?;
    to.set_times(std::fs::FileTimes::new().set_modified(metadata.modified()?))?;
    to.set_permissions(metadata.permissions())?;
    fchown(&to, Some(agent.0), Some(agent.1))?;
    Ok(renameat(folder, COPY, folder, name)?)
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn open(parent: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    openat(parent, path, FOLDER, Mode::empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};

    use airhatch_wire::warden::RuntimeKind;

    use super::*;
    use crate::home::{Home, private_folder};

    /// An account's folders; `None` where this user is not root, which was said.
    fn world() -> Option<(tempfile::TempDir, Home)> {
        if !geteuid().is_root() {
            eprintln!("SKIPPED: only root gives files away");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(&folder.path().join("home"), &folder.path().join("in")).unwrap();
        let folders = home.folders(&"ann@a".parse().unwrap(), RuntimeKind::Process);
        fs::create_dir_all(folders.inbox.join(".incoming/x")).unwrap();
        fs::create_dir_all(folders.outbox().join("stage")).unwrap();
        for path in [folders.control(), folders.drop_folder()] {
            private_folder(&path).unwrap();
        }
        Some((folder, home))
    }

    fn owner(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().uid()
    }

    #[test]
    fn what_an_agent_needs_follows_it_there_and_back() {
        let Some((_folder, home)) = world() else { return };
        let account = "ann@a".parse().unwrap();
        for (kind, user) in [(RuntimeKind::Container, 65532), (RuntimeKind::Process, 0)] {
            let folders = home.folders(&account, kind);
            fs::write(folders.inbox.join(".incoming/x/0"), "part").unwrap();
            fs::write(folders.inbox.join("received"), "mine").unwrap();
            fs::write(folders.outbox().join("stage/letter"), "dear").unwrap();
            hand_over(&folders).unwrap();
            for path in [
                folders.inbox.clone(),
                folders.inbox.join(".incoming/x/0"),
                folders.outbox().join("stage/letter"),
                folders.control(),
                folders.drop_folder(),
            ] {
                assert_eq!(owner(&path), user, "{kind:?}: {}", path.display());
            }
            assert_eq!(owner(&folders.inbox.join("received")), 0, "{kind:?}");
        }
    }

    #[test]
    fn a_file_that_has_another_name_stays_its_owner_s_and_the_agent_gets_a_copy() {
        let Some((folder, home)) = world() else { return };
        let folders = home.folders(&"ann@a".parse().unwrap(), RuntimeKind::Container);
        let (own, staged) = (folder.path().join("holiday.mp4"), folders.outbox().join("stage/holiday.mp4"));
        fs::write(&own, "film").unwrap();
        fs::hard_link(&own, &staged).unwrap();
        let taken = fs::metadata(&own).unwrap().modified().unwrap();
        hand_over(&folders).unwrap();
        assert_eq!((owner(&own), owner(&staged)), (0, 65532));
        assert_eq!(fs::read(&staged).unwrap(), b"film");
        assert_eq!(fs::metadata(&staged).unwrap().modified().unwrap(), taken);
        assert_eq!(fs::read_dir(folders.outbox().join("stage")).unwrap().count(), 1);
    }

    #[test]
    fn links_are_not_followed() {
        let Some((folder, home)) = world() else { return };
        let folders = home.folders(&"ann@a".parse().unwrap(), RuntimeKind::Container);
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), "").unwrap();
        symlink(&outside, folders.inbox.join(".incoming/folder")).unwrap();
        symlink(outside.join("file"), folders.inbox.join(".incoming/file")).unwrap();
        hand_over(&folders).unwrap();
        assert_eq!((owner(&outside), owner(&outside.join("file"))), (0, 0));
        fs::remove_dir(folders.drop_folder()).unwrap();
        symlink(&outside, folders.drop_folder()).unwrap();
        hand_over(&folders).unwrap_err();
        assert_eq!(owner(&outside), 0);
    }
}
