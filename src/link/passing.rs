//! A stream socket whose reads also take the descriptors that travel beside the bytes (SCM_RIGHTS).
//!
//! Every read is one `recvmsg` with room for one descriptor, opened close-on-exec. The kernel ends a read after
//! the bytes that a descriptor came with, so descriptors wait in the order of the frames they belong to.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, recvmsg};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::UnixStream;

/// More descriptors than this, come and not fetched, end the link: nobody asked for that many.
const MOST_WAITING: usize = 16;

/// Descriptors that came and whose frames have not been looked at yet.
#[derive(Clone, Default)]
pub(super) struct Passed(Arc<Mutex<VecDeque<OwnedFd>>>);

impl Passed {
    /// The descriptor that belongs to the oldest frame that brought one.
    pub(super) fn take(&self) -> Option<OwnedFd> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn put(&self, descriptor: OwnedFd) -> io::Result<()> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST_WAITING {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "more connections came than were asked for",
            ));
        }
        waiting.push_back(descriptor);
        Ok(())
    }
}

/// The socket.
pub(super) struct PassingStream {
    socket: UnixStream,
    passed: Passed,
}

impl PassingStream {
    /// Wraps a connected socket.
    pub(super) fn new(socket: UnixStream) -> Self {
        Self { socket, passed: Passed::default() }
    }

    /// Where descriptors wait.
    pub(super) fn passed(&self) -> Passed {
        self.passed.clone()
    }

    fn receive(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = recvmsg(
            &self.socket,
            &mut [IoSliceMut::new(bytes)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT,
        )?;
        let mut descriptors: Vec<OwnedFd> = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(came) = message {
                descriptors.extend(came);
            }
        }
        // Alignment may leave room for a second one, so both signs of too many are looked at.
        if descriptors.len() > 1 || received.flags.contains(ReturnFlags::CTRUNC) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "several connections came at once"));
        }
        descriptors.into_iter().try_for_each(|descriptor| self.passed.put(descriptor))?;
        Ok(received.bytes)
    }
}

impl AsyncRead for PassingStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.socket.poll_read_ready(context))?;
            let bytes = target.initialize_unfilled();
            match self.socket.try_io(Interest::READABLE, || self.receive(bytes)) {
                Ok(count) => {
                    target.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock || e.kind() == io::ErrorKind::Interrupted => {
                }
                Err(e) => return Poll::Ready(Err(e)),
            }
        }
    }
}

impl AsyncWrite for PassingStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
