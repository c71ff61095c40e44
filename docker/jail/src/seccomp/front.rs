//! What the front may ask of the kernel besides the runtime's needs: a terminal, files to read, and the sockets it was
//! given or made before. No socket of its own, not even a pair, no address to send to, no descriptor handed out, no program started, no folder watched.

use libc::O_PATH;
use seccompiler::BackendError;

use super::{AllowList, bits, null};

/// The structure that these carry is newer than the constants in the C library's crate.
const TCGETS2: i64 = 0x802c_542a;
const TCSETS2: i64 = 0x402c_542b;
const TCSETSW2: i64 = 0x402c_542c;
const TCSETSF2: i64 = 0x402c_542d;

/// Reading and setting how the terminal behaves, never `TIOCSTI` and its like, which type into the user's shell.
const TERMINAL: &[i64] = &[
    libc::TIOCGWINSZ as i64,
    libc::FIONBIO as i64,
    libc::TCGETS as i64,
    libc::TCSETS as i64,
    libc::TCSETSW as i64,
    libc::TCSETSF as i64,
    TCGETS2,
    TCSETS2,
    TCSETSW2,
    TCSETSF2,
];

/// Adds the front's calls.
pub(super) fn allow(list: &mut AllowList) -> Result<(), BackendError> {
    // A warden that ended is collected; nobody else is a child.
    list.allow(&[libc::SYS_wait4]);
    list.allow_one_of(libc::SYS_ioctl, 1, TERMINAL)?;
    list.allow_when(libc::SYS_sendto, &[null(4)])?;
    // Landlock lets anybody hold a file that may not be opened.
    list.allow_when(libc::SYS_openat, &[bits(2, O_PATH.into(), 0)])?;
    #[cfg(target_arch = "x86_64")]
    list.allow_when(libc::SYS_open, &[bits(1, O_PATH.into(), 0)])?;
    Ok(())
}
