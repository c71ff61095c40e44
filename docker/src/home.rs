//! Where everything of one home lies. Owns the names of folders and files, and the making of private folders.
//! Used by every other module; must never know what is in the files.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use airhatch_wire::warden::RuntimeKind;
use airhatch_wire::{Email, StageId};
use rustix::fs::{Gid, Mode, OFlags, Uid, fchown, open};
use rustix::process::geteuid;

/// What begins the name of a staging folder that is not ready, or no longer is.
pub(crate) const STAGING: &str = ".staging-";

/// What begins the name of an account's folder that is being removed.
pub(crate) const REMOVED: &str = ".removed-";

/// Who agents in containers are when root owns them: nobody else on this machine.
const UNPRIVILEGED: u32 = 65532;

/// One home: the accounts, and the folder that holds their inboxes.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    root: PathBuf,
    inbox_base: PathBuf,
}

impl Home {
    /// Makes the home and its folder of accounts where they are missing. The root is resolved, so that it can be compared
    /// with other resolved paths; the folder of inboxes is made with the first account.
    pub(crate) fn open(root: &Path, inbox_base: &Path) -> io::Result<Self> {
        if !root.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        }
        let home = Self { root: root.canonicalize()?, inbox_base: std::path::absolute(inbox_base)? };
        private_folder(&home.accounts())?;
        Ok(home)
    }

    /// The home's own folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder with one folder for each account.
    pub(crate) fn accounts(&self) -> PathBuf {
        self.root.join("accounts")
    }

    /// The folder of a demonstration's CA.
    pub(crate) fn authority(&self) -> PathBuf {
        self.root.join("ca")
    }

    /// The log of a demonstration's CA.
    pub(crate) fn authority_log(&self) -> PathBuf {
        self.root.join("ca.log")
    }

    /// The folders of one account, whether they exist or not.
    pub(crate) fn folders(&self, account: &Email, runtime: RuntimeKind) -> Folders {
        Folders {
            account: account.clone(),
            root: self.accounts().join(account.as_str()),
            inbox: self.inbox_base.join(account.as_str()),
            agent_user: agent_user(geteuid(), runtime),
        }
    }
}

/// The folders of one account.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    /// Whose.
    pub(crate) account: Email,
    /// The account's folder, which holds all but the inbox.
    pub(crate) root: PathBuf,
    /// Where received files go; it outlives the account.
    pub(crate) inbox: PathBuf,
    /// Who the agent is, as seen from here.
    pub(crate) agent_user: Uid,
}

impl Folders {
    /// The warden's record of the account.
    pub(crate) fn record(&self) -> PathBuf {
        self.root.join("account.toml")
    }

    /// Whom folders and staged files must be given to, so that the agent can use them: the user and group of an agent
    /// that is not this user.
    pub(crate) fn given_to(&self) -> Option<(Uid, Gid)> {
        let other = self.agent_user != geteuid();
        other.then(|| (self.agent_user, Gid::from_raw(self.agent_user.as_raw())))
    }

    /// The agent's home: only the agent opens what is in it.
    pub(crate) fn agent(&self) -> PathBuf {
        self.root.join("agent")
    }

    /// Staged files: the warden writes, the agent reads.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.root.join("outbox")
    }

    /// One staging folder that is ready.
    pub(crate) fn stage(&self, stage: StageId) -> PathBuf {
        self.outbox().join(stage.to_string())
    }

    /// The same folder before it is ready, and while it is being removed.
    pub(crate) fn staging(&self, stage: StageId) -> PathBuf {
        self.outbox().join(format!("{STAGING}{stage}"))
    }

    /// The folder of the agent's control socket.
    pub(crate) fn control(&self) -> PathBuf {
        self.root.join("control")
    }

    /// The drop folder.
    pub(crate) fn drop_folder(&self) -> PathBuf {
        self.root.join("drop")
    }

    /// What the agent says on its standard error.
    pub(crate) fn agent_log(&self) -> PathBuf {
        self.root.join("agent.log")
    }
}

/// Root's rights are not for agents, so in a container they give up root. A process cannot: root's other processes could
/// not be kept from it.
fn agent_user(ourselves: Uid, runtime: RuntimeKind) -> Uid {
    match runtime {
        RuntimeKind::Container if ourselves.is_root() => Uid::from_raw(UNPRIVILEGED),
        RuntimeKind::Container | RuntimeKind::Process => ourselves,
    }
}

/// Gives a folder to another user; a symbolic link in its place is refused.
pub(crate) fn give_folder(path: &Path, (user, group): (Uid, Gid)) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = open(path, flags, Mode::empty())?;
    Ok(fchown(&folder, Some(user), Some(group))?)
}

/// Makes a folder that only this user may enter, or makes an existing one so, whatever the umask says.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        _ if !fs::symlink_metadata(path)?.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
        _ => {}
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

/// Makes an inbox that only this user may enter, and the folders above it likewise: who may write there could put
/// another one in its place. What is there stays as it is: its owner may share it.
pub(crate) fn inbox_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = |folder| fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    path.parent().map_or(Ok(()), above)?;
    private_folder(path)
}

/// Removes a folder with everything in it; symbolic links in it are removed, not followed. Gone already is fine,
/// and so is somebody who still adds to it for a moment.
pub(crate) fn remove_folder(path: &Path) -> io::Result<()> {
    const ATTEMPTS: u32 = 20;
    let mut outcome = Ok(());
    for _ in 0..ATTEMPTS {
        outcome = fs::remove_dir_all(path);
        match &outcome {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => std::thread::yield_now(),
            _ => break,
        }
    }
    outcome
}

/// A random name, from the kernel.
pub(crate) fn random_id() -> io::Result<StageId> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(StageId(bytes))
}

/// Opens a log to be added to, readable for this user only; one that has grown beyond 1 MiB starts anew.
pub(crate) fn open_log(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;

    const LIMIT: u64 = 1 << 20;
    let log = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    log.set_permissions(fs::Permissions::from_mode(0o600))?;
    if log.metadata()?.len() > LIMIT {
        log.set_len(0)?;
    }
    Ok(log)
}
