//! Waiting for the end of a process that need not be our child. The kernel tells through the descriptor that holds the
//! process; a small thread waits for that.

use std::io;
use std::os::fd::OwnedFd;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::sync::oneshot;

const STACK: usize = 64 << 10;

/// Completes when the process has ended.
pub(crate) fn ending(process: OwnedFd) -> io::Result<impl Future<Output = ()> + Send> {
    let (ended, end) = oneshot::channel();
    thread::Builder::new().name("agent watch".to_owned()).stack_size(STACK).spawn(move || {
        let mut events = [PollFd::new(&process, PollFlags::IN)];
        while poll(&mut events, None) == Err(Errno::INTR) {}
        // Who waited may have given up.
        let _given_up = ended.send(());
    })?;
    Ok(async move {
        let _thread_failed = end.await;
    })
}
