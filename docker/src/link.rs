//! The link to the front: words in, words and descriptors out. A word with a descriptor leaves in one `sendmsg`, so the
//! front finds the descriptor beside the frame's first byte. Called by the server; must never know what is asked.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use airhatch_wire::frame::{FrameError, WordCodec};
use airhatch_wire::link::Link;
use airhatch_wire::warden::{FromWarden, Request};
use bytes::BytesMut;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, sendmsg};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio_util::codec::Encoder;

/// A word on its way to the front.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// What is said.
    pub(crate) word: FromWarden,
    /// What travels with it: a connection, and by its type neither a folder nor a file.
    pub(crate) descriptor: Option<std::os::unix::net::UnixStream>,
}

/// The receiving half.
pub(crate) type Reader = Link<UnixStream, FromWarden, Request>;

/// The sending half.
#[derive(Debug)]
pub(crate) struct Writer {
    stream: UnixStream,
}

/// Answers the front's opening and splits the link in two.
pub(crate) async fn answer(stream: std::os::unix::net::UnixStream) -> Result<(Reader, Writer), FrameError> {
    stream.set_nonblocking(true)?;
    let writer = Writer { stream: UnixStream::from_std(stream.try_clone()?)? };
    Ok((Link::answer(UnixStream::from_std(stream)?).await?, writer))
}

impl Writer {
    /// Sends one word and waits until it has left this process.
    pub(crate) async fn send(&self, outgoing: Outgoing) -> Result<(), FrameError> {
        let mut frame = BytesMut::new();
        WordCodec::<FromWarden, Request>::default().encode(&outgoing.word, &mut frame)?;
        let mut rest: &[u8] = &frame;
        let mut descriptor = outgoing.descriptor.as_ref();
        while !rest.is_empty() {
            let sent = self.stream.async_io(Interest::WRITABLE, || self.send_some(rest, descriptor)).await?;
            rest = rest.get(sent..).unwrap_or_default();
            descriptor = None;
        }
        Ok(())
    }

    /// Ends the link both ways; whoever waits for it goes on with an error.
    pub(crate) fn close(&self) {
        let _closed_already = rustix::net::shutdown(&self.stream, Shutdown::Both);
    }

    fn send_some(
        &self,
        bytes: &[u8],
        descriptor: Option<&std::os::unix::net::UnixStream>,
    ) -> io::Result<usize> {
        let descriptors: Vec<_> = descriptor.iter().map(|fd| fd.as_fd()).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(sendmsg(&self.stream, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?)
    }
}
