//! `airhatch-agent stdio-bridge`: joins standard input and output with the agent's control socket. A warden runs it inside
//! the container where the socket cannot be reached from outside, as with an engine in a virtual machine.
//!
//! The agent sees its own user at the socket, whom it serves beside its owner: who may start programs in the container as
//! that user could read the agent's files as well, and only the engine's owner may. The bridge never looks at a byte.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::fs::{Mode, OFlags};

use crate::control::SOCKET;

/// Bytes carried at once.
const BUFFER: usize = 64 << 10;

/// The options of `airhatch-agent stdio-bridge`.
#[derive(Clone, Debug, clap::Args)]
pub struct BridgeArgs {
    /// The folder of the control socket
    #[arg(long, value_name = "DIR")]
    control: PathBuf,
}

/// Carries bytes both ways until the agent closes its side. The end of standard input is passed on, and what the agent
/// still says after it arrives.
///
/// # Errors
/// When no agent listens, or standard output takes no more.
pub fn run_bridge(args: &BridgeArgs) -> io::Result<()> {
    let agent = connect(&args.control)?;
    carry(&agent, io::stdin(), &mut io::stdout().lock())
}

/// A socket's path may have 107 bytes only, so its folder is named through a descriptor.
fn connect(folder: &Path) -> io::Result<UnixStream> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(folder, flags, Mode::empty())?;
    UnixStream::connect(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()))
}

fn carry(agent: &UnixStream, input: impl Read + Send + 'static, output: &mut impl Write) -> io::Result<()> {
    let to_agent = agent.try_clone()?;
    // It may wait for input that never comes, so nobody waits for it.
    thread::Builder::new().name("to the agent".to_owned()).spawn(move || {
        // An agent that is gone ends the other direction.
        let _gone = copy(input, &to_agent);
        let _gone = to_agent.shutdown(Shutdown::Write);
    })?;
    copy(agent, output)
}

/// Copies to the end of `from`; nothing waits in a buffer here.
fn copy(mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(buffer.get(..read).unwrap_or_default())?;
        to.flush()?;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn bytes_travel_both_ways_and_the_end_of_input_reaches_the_agent_before_its_last_words() {
        let (ours, agent) = UnixStream::pair().unwrap();
        let said: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let answering = thread::spawn(move || {
            let mut heard = Vec::new();
            (&agent).read_to_end(&mut heard).unwrap();
            (&agent).write_all(&heard).unwrap();
            (&agent).write_all(b"goodbye").unwrap();
        });
        let mut told = Vec::new();
        carry(&ours, io::Cursor::new(said.clone()), &mut told).unwrap();
        answering.join().unwrap();
        assert_eq!(told.strip_suffix(b"goodbye").unwrap(), said);
    }

    #[test]
    fn an_agent_that_ends_ends_the_bridge_though_input_stays_open() {
        let (ours, agent) = UnixStream::pair().unwrap();
        let (silent, _open) = UnixStream::pair().unwrap();
        drop(agent);
        let mut told = Vec::new();
        carry(&ours, silent, &mut told).unwrap();
        assert_eq!(told, b"");
    }

    #[test]
    fn a_socket_in_a_folder_with_a_long_name_is_reached_and_a_missing_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("x".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        assert_eq!(connect(&deep).unwrap_err().kind(), io::ErrorKind::NotFound);
        let held = rustix::fs::open(&deep, OFlags::PATH, Mode::empty()).unwrap();
        let _listener = UnixListener::bind(format!("/proc/self/fd/{}/{SOCKET}", held.as_raw_fd())).unwrap();
        connect(&deep).unwrap();
    }
}
