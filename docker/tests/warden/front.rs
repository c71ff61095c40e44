//! The front's end of a link, as far as a test needs it: blocking, every read with room for one descriptor.

use std::collections::VecDeque;
use std::io::{IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use airhatch_wire::frame::{Opening, WordCodec};
use airhatch_wire::warden::{AccountRecord, Command, FromWarden, Reply, Request, RuntimeKind};
use airhatch_wire::{Code, Failure, StageId};
use bytes::BytesMut;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tokio_util::codec::{Decoder, Encoder};

use crate::world::email;

/// Longer than anything a warden waits for.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Front {
    pub(crate) stream: Option<UnixStream>,
    pub(crate) warden: Child,
    pub(crate) received: BytesMut,
    /// Descriptors, each with the bytes that one read gave with it, as a range in all bytes received. The kernel adds
    /// bytes sent before to a read, but nothing sent after the descriptor's message.
    descriptors: VecDeque<(Range<usize>, OwnedFd)>,
    consumed: usize,
    codec: WordCodec<Request, FromWarden>,
    /// Words that arrived while another was waited for.
    aside: Vec<(FromWarden, Option<OwnedFd>)>,
    next: u32,
}

pub(crate) type Answer = Result<Reply, Failure>;

impl Front {
    /// Takes over a link on which nothing was said yet.
    pub(crate) fn new(stream: UnixStream, warden: Child) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream: Some(stream),
            warden,
            received: BytesMut::new(),
            descriptors: VecDeque::new(),
            consumed: 0,
            codec: WordCodec::default(),
            aside: Vec::new(),
            next: 1,
        }
    }

    /// The opening exchange.
    pub(crate) fn open(mut self) -> Self {
        let opening = Opening::of::<Request>().to_bytes();
        self.write(&[&[0, 0, 0, 12], opening.as_slice()].concat());
        while self.received.len() < 16 {
            assert!(self.read_some(), "the warden closed the link");
        }
        let answer = self.received.split_to(16);
        self.consumed = 16;
        Opening::check::<FromWarden>(&answer[4..]).unwrap();
        self
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Reads once; false at the end of the link.
    pub(crate) fn read_some(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let stream = self.stream.as_ref().unwrap();
        let mut buffers = [IoSliceMut::new(&mut bytes)];
        let message = recvmsg(stream, &mut buffers, &mut control, RecvFlags::CMSG_CLOEXEC)
            .expect("the warden says nothing");
        for part in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = part {
                let begins = self.consumed + self.received.len();
                let read = begins..begins + message.bytes;
                self.descriptors.extend(descriptors.map(|fd| (read.clone(), fd)));
            }
        }
        self.received.extend_from_slice(&bytes[..message.bytes]);
        message.bytes > 0
    }

    /// The next word and the descriptor that came beside its first byte; `None` at the end of the link.
    fn next_word(&mut self) -> Option<(FromWarden, Option<OwnedFd>)> {
        loop {
            let begins = self.consumed;
            let before = self.received.len();
            if let Some(word) = self.codec.decode(&mut self.received).unwrap() {
                self.consumed += before - self.received.len();
                let control = matches!(word, FromWarden::Answer { outcome: Ok(Reply::Control), .. });
                let descriptor = if control { self.descriptors.pop_front() } else { None };
                let in_place = descriptor.as_ref().is_none_or(|(read, _)| read.contains(&begins));
                assert!(in_place, "a descriptor did not come beside its frame's first byte");
                let descriptor = descriptor.map(|(_, descriptor)| descriptor);
                return Some((word, descriptor));
            }
            self.consumed += before - self.received.len();
            if !self.read_some() {
                return None;
            }
        }
    }

    pub(crate) fn send(&mut self, command: Command) -> u32 {
        let id = self.next;
        self.next += 1;
        let mut frame = BytesMut::new();
        self.codec.encode(&Request { id, command }, &mut frame).unwrap();
        self.write(&frame);
        id
    }

    /// The answer to a request, and the descriptor that came with it.
    pub(crate) fn answer_with_descriptor(&mut self, wanted: u32) -> (Answer, Option<OwnedFd>) {
        let is_it = |word: &FromWarden| matches!(word, FromWarden::Answer { id, .. } if *id == wanted);
        match self.next_where(is_it) {
            (FromWarden::Answer { outcome, .. }, descriptor) => {
                let control = matches!(outcome, Ok(Reply::Control));
                assert_eq!(control, descriptor.is_some(), "a descriptor travels with Control, and only then");
                (outcome, descriptor)
            }
            other => panic!("{other:?}"),
        }
    }

    /// The first word of a kind; others are set aside.
    fn next_where(&mut self, wanted: impl Fn(&FromWarden) -> bool) -> (FromWarden, Option<OwnedFd>) {
        if let Some(at) = self.aside.iter().position(|(word, _)| wanted(word)) {
            return self.aside.remove(at);
        }
        loop {
            match self.next_word().expect("the warden closed the link") {
                found if wanted(&found.0) => return found,
                other => self.aside.push(other),
            }
        }
    }

    pub(crate) fn answer(&mut self, id: u32) -> Answer {
        self.answer_with_descriptor(id).0
    }

    pub(crate) fn ask(&mut self, command: Command) -> Answer {
        let id = self.send(command);
        self.answer(id)
    }

    /// The next word that is no answer.
    pub(crate) fn next_event(&mut self) -> FromWarden {
        self.next_where(|word| !matches!(word, FromWarden::Answer { .. })).0
    }

    /// The words that have arrived and were not waited for.
    pub(crate) fn take_aside(&mut self) -> Vec<FromWarden> {
        self.aside.drain(..).map(|(word, _)| word).collect()
    }

    pub(crate) fn create(&mut self, account: &str) -> AccountRecord {
        let command = Command::CreateAccount { account: email(account), runtime: RuntimeKind::Process };
        match self.ask(command) {
            Ok(Reply::Account(record)) => record,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn accounts(&mut self) -> Vec<AccountRecord> {
        match self.ask(Command::Accounts) {
            Ok(Reply::Accounts(accounts)) => accounts,
            other => panic!("{other:?}"),
        }
    }

    /// Opens control and gives the connection.
    pub(crate) fn control(&mut self, command: Command) -> Result<UnixStream, Failure> {
        let id = self.send(command);
        match self.answer_with_descriptor(id) {
            (Ok(Reply::Control), Some(descriptor)) => {
                let connection = UnixStream::from(descriptor);
                connection.set_nonblocking(false).unwrap();
                connection.set_read_timeout(Some(PATIENCE)).unwrap();
                Ok(connection)
            }
            (Err(failure), None) => Err(failure),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn open_control(&mut self, account: &str) -> Result<UnixStream, Failure> {
        self.control(Command::OpenControl { account: email(account) })
    }

    pub(crate) fn find_control(&mut self, account: &str) -> Result<UnixStream, Failure> {
        self.control(Command::FindControl { account: email(account) })
    }

    pub(crate) fn stages(&mut self, account: &str) -> Vec<StageId> {
        match self.ask(Command::Stages { account: email(account) }) {
            Ok(Reply::Stages(stages)) => stages,
            other => panic!("{other:?}"),
        }
    }

    /// Closes the link and waits for the warden.
    pub(crate) fn leave(&mut self) -> ExitStatus {
        self.stream = None;
        self.warden.wait().unwrap()
    }

    /// Reads until the warden closes the link, then waits for it.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        while self.next_word().is_some() {}
        self.warden.wait().unwrap()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stream = None;
        let _ended_already = self.warden.wait();
    }
}

/// The code of a refusal.
pub(crate) fn code(answer: Answer) -> Code {
    answer.expect_err("this should have been refused").code
}
