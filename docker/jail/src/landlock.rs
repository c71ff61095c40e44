//! The rules about files: every folder that a profile will still open, and the scopes that keep its signals and
//! abstract sockets inside.
//!
//! Wanted is what Landlock's sixth version stops; what newer kernels add (pathname sockets, UDP) is taken along. The
//! crate degrades silently, so what came of it is compared with what was wanted and told.
//!
//! Called by the profiles, after the process gave up its privileges and before the list of system calls, which does
//! not hold Landlock's own.

mod siblings;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use ::landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope, make_bitflags,
};
use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};

use crate::{Files, JailError, Note, Profile};

pub(crate) use siblings::Closed;
pub use siblings::OpenFolder;

/// The newest version known here: whatever the kernel has of it is used.
const NEWEST: ABI = ABI::V10;

/// Looking at files and lists of files.
pub(crate) const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});

/// Keeping one's own files in one folder: a file is written beside the old one and renamed over it.
pub(crate) const KEEP: BitFlags<AccessFs> =
    make_bitflags!(AccessFs::{ReadFile | ReadDir | WriteFile | Truncate | MakeReg | RemoveFile});

/// Everything that an owner of files and folders does, without devices, links and programs.
pub(crate) const OWN: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | MakeReg | RemoveFile | MakeDir | RemoveDir | Refer
});

/// Talking to the terminal.
pub(crate) const TERMINAL: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | WriteFile | IoctlDev});

/// Removing the control socket, and looking whether it is there.
pub(crate) const CONTROL: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadDir | RemoveFile});

/// Rules are cheap one by one (about 5 µs) and felt by the thousand; beyond this many, entries stay closed.
const MOST_RULES: usize = 4096;

/// Rules in the making.
pub(crate) struct Fence {
    rules: RulesetCreated,
    named: usize,
    profile: Profile,
    notes: Vec<Note>,
}

impl Fence {
    /// Begins with everything closed.
    ///
    /// # Errors
    /// When the kernel has Landlock and refuses.
    pub(crate) fn begin(profile: Profile) -> Result<Self, JailError> {
        let mut rules = Ruleset::default();
        if profile == Profile::Agent {
            // The first version refuses every rename between folders, and landing is one: no rules at all then.
            rules = rules.set_compatibility(CompatLevel::SoftRequirement).handle_access(AccessFs::Refer)?;
            rules = rules.set_compatibility(CompatLevel::BestEffort);
        }
        rules = rules.handle_access(AccessFs::from_all(NEWEST))?.scope(Scope::from_all(NEWEST))?;
        if profile == Profile::Front {
            rules = rules.handle_access(AccessNet::from_all(NEWEST))?;
        }
        Ok(Self { rules: rules.create()?, named: 0, profile, notes: Vec::new() })
    }

    /// Opens a file or folder, with all that is or will be below it.
    ///
    /// # Errors
    /// When it is not there or cannot be looked at, or the kernel refuses.
    pub(crate) fn allow(&mut self, path: &Path, access: BitFlags<AccessFs>) -> Result<(), JailError> {
        let failed = |source: io::Error| JailError::Folder { path: path.to_owned(), source };
        let how = OFlags::PATH | OFlags::CLOEXEC;
        let place = openat(CWD, path, how, Mode::empty()).map_err(|error| failed(error.into()))?;
        let kind = fstat(&place).map(|stat| FileType::from_raw_mode(stat.st_mode));
        self.allow_opened(place, kind.map_err(|error| failed(error.into()))?, access)
    }

    /// The same where it may be missing.
    pub(crate) fn allow_if_there(
        &mut self,
        path: &Path,
        access: BitFlags<AccessFs>,
    ) -> Result<(), JailError> {
        match self.allow(path, access) {
            Err(JailError::Folder { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }

    fn allow_opened(
        &mut self,
        place: OwnedFd,
        kind: FileType,
        access: BitFlags<AccessFs>,
    ) -> Result<(), JailError> {
        let access = if kind == FileType::Directory { access } else { access & AccessFs::from_file(NEWEST) };
        if !access.is_empty() {
            (&mut self.rules).add_rule(PathBeneath::new(place.as_fd(), access))?;
            self.named += 1;
        }
        Ok(())
    }

    fn full(&self) -> bool {
        self.named >= MOST_RULES
    }

    /// Closes the fence around this process, for good.
    ///
    /// # Errors
    /// When the kernel has Landlock and refuses.
    pub(crate) fn close(self) -> Result<(Files, Vec<Note>), JailError> {
        let status = self.rules.restrict_self()?;
        let files = told(&status.landlock, &status.ruleset, self.profile, self.named);
        Ok((files, self.notes))
    }
}

/// What came of it.
fn told(landlock: &LandlockStatus, ruleset: &RulesetStatus, profile: Profile, rules: usize) -> Files {
    match (landlock, ruleset) {
        (LandlockStatus::NotEnabled, _) => Files::Open("Landlock is switched off in this kernel"),
        (LandlockStatus::NotImplemented, _) => {
            Files::Open("this kernel has no Landlock (Linux 5.13 or newer has), or a container hides it")
        }
        (_, RulesetStatus::NotEnforced) => Files::Open(
            "this kernel's first Landlock would refuse to move received files into place (Linux 5.19 or newer would not)",
        ),
        (LandlockStatus::Available { effective_abi, .. }, _) => {
            let version = *effective_abi as u32;
            Files::Restricted { version, missing: missing(version, profile), rules }
        }
    }
}

/// What a version of Landlock does not stop, of what the profile wants.
fn missing(version: u32, profile: Profile) -> Vec<&'static str> {
    let wants: [(u32, &[Profile], &str); 4] = [
        (3, &[Profile::Front, Profile::Agent], "files that may be read can be emptied (before Linux 6.2)"),
        (4, &[Profile::Front], "only the list of system calls keeps it off the network (before Linux 6.7)"),
        (
            5,
            &[Profile::Front, Profile::Agent],
            "devices that may be opened take any command (before Linux 6.10)",
        ),
        (
            6,
            &[Profile::Front, Profile::Agent],
            "only the list of system calls keeps its signals in (before Linux 6.12)",
        ),
    ];
    let lacks = wants.into_iter().filter(|(since, who, _)| version < *since && who.contains(&profile));
    lacks.map(|(_, _, sentence)| sentence).collect()
}

/// A folder that must be there, by its real path.
pub(crate) fn resolved(path: &Path) -> Result<PathBuf, JailError> {
    path.canonicalize().map_err(|source| JailError::Folder { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(abi: ABI, ruleset: RulesetStatus, profile: Profile) -> Files {
        told(&LandlockStatus::Available { effective_abi: abi, kernel_abi: None }, &ruleset, profile, 3)
    }

    #[test]
    fn the_sixth_version_has_all_that_is_wanted() {
        for abi in [ABI::V6, ABI::V7, NEWEST] {
            for profile in [Profile::Front, Profile::Agent] {
                let Files::Restricted { missing, .. } = on(abi, RulesetStatus::PartiallyEnforced, profile)
                else {
                    unreachable!("it is in force");
                };
                assert!(missing.is_empty(), "{abi:?} {missing:?}");
            }
        }
    }

    #[test]
    fn older_versions_tell_what_they_lack() {
        let lacks = |abi, profile| match on(abi, RulesetStatus::PartiallyEnforced, profile) {
            Files::Restricted { missing, .. } => missing.len(),
            Files::Open(_) => usize::MAX,
        };
        assert_eq!(lacks(ABI::V5, Profile::Front), 1);
        assert_eq!(lacks(ABI::V3, Profile::Front), 3);
        assert_eq!(lacks(ABI::V3, Profile::Agent), 2);
        assert_eq!(lacks(ABI::V2, Profile::Agent), 3);
    }

    #[test]
    fn no_rules_in_force_is_never_told_as_restricted() {
        let open = [
            told(&LandlockStatus::NotEnabled, &RulesetStatus::NotEnforced, Profile::Front, 3),
            told(&LandlockStatus::NotImplemented, &RulesetStatus::NotEnforced, Profile::Front, 3),
            on(ABI::V1, RulesetStatus::NotEnforced, Profile::Agent),
        ];
        assert!(open.iter().all(|files| matches!(files, Files::Open(_))), "{open:?}");
    }
}
