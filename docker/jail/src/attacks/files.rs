//! Attacks on files: to read what is closed, to write what is not one's own, to escape by links and renames.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat, symlink};
use rustix::io::Errno;

use super::call::{HERE, N, NO_DESCRIPTOR, NOWHERE, T, about, call, word_of};
use super::{Attack, Attempted, agent, both, front};

/// Rewrites a file's blocks as another's: needs only a descriptor.
const FICLONE: i64 = 0x4004_9409;

pub(super) const ATTACKS: &[Attack] = &[
    both("read a vault", |g| open(&g.vault(), OFlags::RDONLY)),
    both("overwrite a vault", |g| open(&g.vault(), OFlags::WRONLY)),
    both("read a vault through a link among its own files", |g| open(&g.own_link(), OFlags::RDONLY)),
    both("list a closed folder", |g| open(g.closed(), OFlags::RDONLY | OFlags::DIRECTORY)),
    front("hold a vault without opening it", |g| open(&g.vault(), OFlags::PATH)),
    both("open a vault through a descriptor that only holds it", |g| {
        let held = openat(CWD, g.vault(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        open(Path::new(&format!("/proc/self/fd/{}", held.as_raw_fd())), OFlags::RDONLY)
    }),
    both("find a vault by its number", |g| {
        about(&g.vault(), |vault| call(libc::SYS_name_to_handle_at, &[HERE, vault, NOWHERE, NOWHERE]))
    })
    .often(),
    both("open a file by its number", |_| call(libc::SYS_open_by_handle_at, &[NO_DESCRIPTOR, NOWHERE, N(0)]))
        .often(),
    front("watch a closed folder", |g| {
        about(g.closed(), |path| call(libc::SYS_inotify_add_watch, &[NO_DESCRIPTOR, path, N(2)]))
    }),
    agent("read a file of yours", |g| open(&g.decoy(), OFlags::RDONLY)),
    both("overwrite a file of yours", |g| open(&g.decoy(), OFlags::WRONLY)),
    both("empty a file of yours", |g| open(&g.decoy(), OFlags::WRONLY | OFlags::TRUNC)),
    both("empty a file of yours by name", |g| {
        about(&g.decoy(), |path| call(libc::SYS_truncate, &[path, N(0)]))
    }),
    both("make a file among yours", |g| plant(&g.planted())),
    both("make a file where it may only read", |g| plant(&g.planted_read_only())),
    both("make a folder among yours", |g| {
        said(fs::create_dir(g.planted()))?;
        undone(fs::remove_dir(g.planted()))
    }),
    both("make a pipe among yours", |g| {
        about(&g.planted(), |path| call(libc::SYS_mknodat, &[HERE, path, N(libc::S_IFIFO as i64 | 0o600)]))?;
        undone(fs::remove_file(g.planted()))
    }),
    both("remove a file of yours", |g| {
        said(fs::remove_file(g.doomed()))?;
        undone(fs::write(g.doomed(), "again"))
    }),
    both("move a file of yours among its own", |g| there_and_back(&g.decoy(), &g.own_planted())),
    both("move a file of its own among yours", |g| there_and_back(&g.own_decoy(), &g.planted())),
    both("link a vault among its own files", |g| {
        linkat(CWD, g.vault(), CWD, g.own_planted(), AtFlags::empty())?;
        undone(fs::remove_file(g.own_planted()))
    }),
    both("plant a symbolic link", |g| {
        symlink(g.vault(), g.own_planted())?;
        undone(fs::remove_file(g.own_planted()))
    }),
    both("change who may read a vault", |g| {
        about(&g.vault(), |path| call(libc::SYS_fchmodat, &[HERE, path, N(0o600)]))
    }),
    both("change who may read a vault, by the newest call", |g| {
        about(&g.vault(), |path| call(FCHMODAT2, &[HERE, path, N(0o600), N(0)]))
    }),
    both("change who owns a vault", |g| {
        about(&g.vault(), |path| call(libc::SYS_fchownat, &[HERE, path, N(-1), N(-1), N(0)]))
    }),
    both("change the times of a vault", |g| {
        about(&g.vault(), |path| call(libc::SYS_utimensat, &[HERE, path, N(0), N(0)]))
    }),
    both("put an attribute on a vault", |g| {
        let value = [T(c"user.airhatch"), T(c"x"), N(1), N(0)];
        let [name, text, length, flags] = value;
        about(&g.vault(), |path| call(libc::SYS_setxattr, &[path, name, text, length, flags]))
    }),
    both("share a file's blocks", |_| call(libc::SYS_ioctl, &[NO_DESCRIPTOR, N(FICLONE)])),
    both("go to another folder", |g| {
        about(&g.closed().join("nothing"), |path| call(libc::SYS_chdir, &[path]))
    }),
    both("take another root", |g| about(&g.closed().join("nothing"), |path| call(libc::SYS_chroot, &[path]))),
    both("write its own memory as a file", |_| open(Path::new("/proc/self/mem"), OFlags::RDWR)),
    both("read the surroundings of the process that started it", |g| {
        open(Path::new(&format!("/proc/{}/environ", g.parent().as_raw_pid())), OFlags::RDONLY)
    }),
    both("read the memory of the process that started it", |g| {
        open(Path::new(&format!("/proc/{}/mem", g.parent().as_raw_pid())), OFlags::RDONLY)
    })
    .often(),
];

/// Its number on all processors, newer than the constants of the C library's crate.
const FCHMODAT2: libc::c_long = 452;

fn open(path: &Path, how: OFlags) -> Attempted {
    openat(CWD, path, how | OFlags::CLOEXEC, Mode::empty()).map(drop)
}

fn plant(path: &Path) -> Attempted {
    let how = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    openat(CWD, path, how, Mode::RUSR | Mode::WUSR)?;
    undone(fs::remove_file(path))
}

/// By the calls that the standard library makes, which the lists have. Between folders the kernel says EXDEV where moving
/// is not among the rights.
fn there_and_back(from: &Path, to: &Path) -> Attempted {
    match said(fs::rename(from, to)) {
        Ok(()) => undone(fs::rename(to, from)),
        Err(Errno::XDEV) => Err(Errno::ACCESS),
        Err(error) => Err(error),
    }
}

fn said(outcome: io::Result<()>) -> Attempted {
    outcome.map_err(|error| word_of(&error))
}

/// The attack got through, whether or not its traces can be removed.
fn undone(_traces: io::Result<()>) -> Attempted {
    Ok(())
}
