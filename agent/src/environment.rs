//! The variables that the agent was started with, nearly all of which it gets rid of: libraries take from them what to
//! load and where to look, and a secret among them would stay readable for as long as the agent runs.
//!
//! Called once by `startup`, first, before there is a thread, a secret or a call into OpenSSL.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::log;

/// What stays: how much is logged, and whether a defect tells where it is.
const KEPT: [&str; 2] = [log::FILTER, "RUST_BACKTRACE"];

/// Gives all other variables up. They lie in this process's memory from its first instruction on, so the program begins
/// once more without them; a program that was started without any goes on.
///
/// # Errors
/// When the system does not find or does not start the program again.
pub fn clear() -> io::Result<()> {
    if std::env::vars_os().all(|(name, _)| is_kept(&name)) {
        return Ok(());
    }
    let mut arguments = std::env::args_os();
    let mut again = Command::new(std::env::current_exe()?);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    again.args(arguments).env_clear();
    again.envs(std::env::vars_os().filter(|(name, _)| is_kept(name)));
    Err(again.exec())
}

fn is_kept(name: &OsStr) -> bool {
    KEPT.iter().any(|kept| name == *kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_log_and_backtraces_are_asked_of_the_environment() {
        for name in ["AIRHATCH_LOG", "RUST_BACKTRACE"] {
            assert!(is_kept(OsStr::new(name)), "{name}");
        }
        for name in ["OPENSSL_CONF", "LD_PRELOAD", "PATH", "HOME", "TZ", "LANG", "AIRHATCH_LOG2", ""] {
            assert!(!is_kept(OsStr::new(name)), "{name}");
        }
    }
}
