//! System calls with wrong arguments, which no library would make.
#![allow(unsafe_code, reason = "libraries make no calls with arguments that are wrong on purpose")]

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libc::c_long;
use rustix::io::Errno;

use super::Attempted;

/// An argument: a plain number, or the address of a text.
pub(super) enum Value<'a> {
    Number(i64),
    Text(&'a CStr),
}

pub(super) use Value::{Number as N, Text as T};

/// An address where nothing is: the kernel maps no memory so low.
pub(super) const NOWHERE: Value<'static> = N(1);

/// No descriptor, and the current folder for calls that name a path.
pub(super) const NO_DESCRIPTOR: Value<'static> = N(-1);
pub(super) const HERE: Value<'static> = N(libc::AT_FDCWD as i64);

/// Makes the call; what it answers beyond success is of no interest. At most six arguments count, the rest are zero.
pub(super) fn call(number: c_long, arguments: &[Value<'_>]) -> Attempted {
    let mut words = arguments.iter().map(|argument| match argument {
        N(number) => *number,
        T(text) => text.as_ptr() as i64,
    });
    let mut word = || words.next().unwrap_or(0);
    let (a, b, c, d, e, f) = (word(), word(), word(), word(), word(), word());
    // SAFETY: the tables of attacks are the only callers. The addresses they can name are of C strings, which live
    // through the call and which the kernel only reads, and numbers, of which they use 0 and 1: no memory of this
    // program is there, so the kernel can write none. No row unmaps or remaps memory.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if answer == -1 { Err(last_error()) } else { Ok(()) }
}

/// Makes a call about a path: the closure says which.
pub(super) fn about(path: &Path, make: impl FnOnce(Value<'_>) -> Attempted) -> Attempted {
    let text = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::INVAL)?;
    make(T(&text))
}

/// The system's word for an error of the standard library.
pub(super) fn word_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error)
}

fn last_error() -> Errno {
    word_of(&io::Error::last_os_error())
}
