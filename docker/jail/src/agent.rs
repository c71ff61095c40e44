//! The agent's jail: its account's folders, the files that name resolution reads, and the network.
//!
//! Called by the agent's `main` (in both runtimes) after everything that needs the free system: folders made and locked,
//! the passphrase file read, the control socket open. Before the first thread and the first call into OpenSSL, which
//! would obey a configuration file outside.

use std::path::{Path, PathBuf};

use crate::landlock::{CONTROL, Fence, OWN, READ, resolved};
use crate::{JailError, Profile, Report, process, seccomp};

/// Where names are resolved from. Folders, since these files are replaced while the agent runs; `resolv.conf` is often a
/// link into one of the others.
const NAME_RESOLUTION: [&str; 4] = ["/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"];

/// The account's folders. They must be there, none in another: a rule reaches all that is below. Links in the paths are
/// followed once, when the jail is entered.
#[derive(Clone, Debug)]
pub struct AgentPaths {
    /// Vault and store.
    pub home: PathBuf,
    /// Received files.
    pub inbox: PathBuf,
    /// Staged files, to be read only.
    pub outbox: PathBuf,
    /// The folder whose files are sent by themselves, where there is one.
    pub drop: Option<PathBuf>,
    /// The folder of the control socket, which is open by now and may still be removed.
    pub control: PathBuf,
}

/// Enters the jail, for good.
///
/// # Errors
/// [`JailError`]; the process should end then.
pub fn enter(paths: &AgentPaths) -> Result<Report, JailError> {
    apart(paths)?;
    process::give_up_privileges()?;
    let mut fence = Fence::begin(Profile::Agent)?;
    for own in [&paths.home, &paths.inbox].into_iter().chain(&paths.drop) {
        fence.allow(own, OWN)?;
    }
    fence.allow(&paths.outbox, READ)?;
    fence.allow(&paths.control, CONTROL)?;
    for folder in NAME_RESOLUTION {
        fence.allow_if_there(Path::new(folder), READ)?;
    }
    let (files, notes) = fence.close()?;
    let system_calls = seccomp::restrict(Profile::Agent)?;
    Ok(Report { profile: Profile::Agent, files, system_calls, notes })
}

/// None of the folders lies in another one, whose rules would reach it too: what is to be read only could be written, and
/// what a stranger sends would land among the account's own files.
fn apart(paths: &AgentPaths) -> Result<(), JailError> {
    let fixed = [&paths.home, &paths.inbox, &paths.outbox, &paths.control];
    let folders: Vec<PathBuf> =
        fixed.into_iter().chain(&paths.drop).map(|folder| resolved(folder)).collect::<Result<_, _>>()?;
    for (place, inner) in folders.iter().enumerate() {
        let others = folders.iter().enumerate().filter(|(other, _)| *other != place);
        for (_, outer) in others {
            if inner.starts_with(outer) {
                return Err(JailError::Nested { inner: inner.clone(), outer: outer.clone() });
            }
        }
    }
    Ok(())
}
