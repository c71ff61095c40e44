//! The conversation with the warden, and the connections to agents that it hands over.

use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use airhatch_wire::frame::FrameError;
use airhatch_wire::link::{Link, LinkReader, LinkWriter};
use airhatch_wire::warden::{Choice, Command, Engine, FromWarden, ImageSource, Reply, Request, Staged};
use airhatch_wire::{Blob, Code, Email, Failure, Untrusted};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::agent::AgentLink;
use super::exchange::{Call, Exchange, Step};
use super::launch::{self, Launched};
use super::passing::{Passed, PassingStream};

/// What a warden tells without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WardenEvent {
    /// An agent that ran has ended by itself.
    AgentEnded(Email),
    /// The warden itself has ended; nothing follows.
    Closed(Failure),
}

type Answer = (Reply, Option<OwnedFd>);

/// A handle to the conversation. Clones share it; the warden ends when the last one is dropped.
#[derive(Clone)]
pub(crate) struct WardenLink {
    exchange: Arc<Exchange<Answer, WardenEvent>>,
    outgoing: mpsc::UnboundedSender<Word>,
    process: Option<Arc<OwnedFd>>,
}

enum Word {
    Request(Request),
    /// No more requests from this side: the warden finishes and ends.
    Finish,
}

impl WardenLink {
    /// Begins the conversation with a warden that was started.
    ///
    /// # Errors
    /// [`Code::Internal`] when it has ended, [`Code::UnknownVersion`] when it is of another make.
    pub(crate) async fn begin(launched: Launched) -> Result<Self, Failure> {
        let link = Self::attach(launched.socket).await?;
        Ok(Self { process: Some(Arc::new(launched.process)), ..link })
    }

    /// Begins the conversation on our end of a socket pair.
    ///
    /// # Errors
    /// As [`WardenLink::begin`].
    pub(crate) async fn attach(socket: std::os::unix::net::UnixStream) -> Result<Self, Failure> {
        let link = async {
            socket.set_nonblocking(true)?;
            let stream = PassingStream::new(UnixStream::from_std(socket)?);
            let passed = stream.passed();
            Link::open(stream).await.map(|link| (link, passed))
        };
        let (link, passed) = link.await.map_err(|e| gone(Some(&e)))?;
        let (writer, reader) = link.split();
        let exchange = Exchange::new();
        let (outgoing, words) = mpsc::unbounded_channel();
        let last_reader = Arc::clone(&exchange);
        tokio::spawn(async move {
            let broken = tokio::select! {
                () = write(writer, words) => None,
                broken = read(reader, passed, &last_reader) => broken,
            };
            let reason = gone(broken.as_ref());
            last_reader.close(&reason, &WardenEvent::Closed(reason.clone()));
        });
        Ok(Self { exchange, outgoing, process: None })
    }

    /// Asks, and waits for the answer. Many requests may be under way at once.
    ///
    /// # Errors
    /// What the warden refused with; [`Code::Internal`] when it went away.
    pub(crate) async fn request(&self, command: Command) -> Result<Reply, Failure> {
        self.ask(command).await.map(|(reply, _)| reply)
    }

    /// Connects to an account's agent. With `start_if_needed` the agent is started when it does not run.
    ///
    /// # Errors
    /// What the warden refused with ([`Code::AgentDown`] when the agent does not run and must not be started), and
    /// those of [`AgentLink::attach`].
    pub(crate) async fn open_control(
        &self,
        account: Email,
        start_if_needed: bool,
    ) -> Result<AgentLink, Failure> {
        let command =
            if start_if_needed { Command::OpenControl { account } } else { Command::FindControl { account } };
        match self.ask(command).await? {
            (Reply::Control, Some(socket)) => AgentLink::attach(socket).await,
            _ => Err(Failure::new(Code::Internal, "the warden sent no connection to the account's agent")),
        }
    }

    /// Makes files and folders readable for the account's agent; `progress` hears bytes copied and bytes to copy.
    /// Dropping the future before its end calls the staging off.
    ///
    /// # Errors
    /// What the warden refused with: [`Code::BadSource`], [`Code::NotPermitted`], [`Code::DiskFull`].
    pub(crate) async fn stage(
        &self,
        account: Email,
        paths: Vec<PathBuf>,
        choice: Choice,
        progress: impl FnMut(u64, u64),
    ) -> Result<Staged, Failure> {
        let paths = spelled(&paths);
        self.stage_all(Command::Stage { account, paths, choice, stream: None }, progress).await
    }

    /// Sends a [`Command::Stage`] and follows it.
    pub(super) async fn stage_all(
        &self,
        command: Command,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Staged, Failure> {
        let told = |step| {
            if let Step::Bytes(done, total) = step {
                progress(done, total);
            }
        };
        match self.work(command, |id| Command::CancelStage { id }, told).await? {
            Reply::Staged(staged) => Ok(staged),
            _ => Err(super::unexpected()),
        }
    }

    /// Gets the image that agents in containers run from; `progress` hears what the engine says. Dropping the future
    /// before its end calls it off.
    ///
    /// # Errors
    /// What the warden refused with: [`Code::EngineUnavailable`], [`Code::DiskFull`], [`Code::BadSource`],
    /// [`Code::NotPermitted`].
    pub(crate) async fn prepare_image(
        &self,
        source: ImageSource,
        mut progress: impl FnMut(Untrusted<String>),
    ) -> Result<Engine, Failure> {
        let told = |step| {
            if let Step::Line(line) = step {
                progress(line);
            }
        };
        match self.work(Command::PrepareImage { source }, |id| Command::CancelPrepare { id }, told).await? {
            Reply::Engine(engine) => Ok(engine),
            _ => Err(super::unexpected()),
        }
    }

    /// Asks for something that takes its time, and calls it off when nobody waits for it any more.
    async fn work(
        &self,
        command: Command,
        cancel: fn(u32) -> Command,
        mut told: impl FnMut(Step),
    ) -> Result<Reply, Failure> {
        let (sender, mut steps) = mpsc::unbounded_channel();
        let call = self.send(command, Some(sender))?;
        let mut work = Work { call, link: self, cancel, settled: false };
        let outcome = loop {
            tokio::select! {
                // Steps first, so that the last one is told before the answer.
                biased;
                Some(step) = steps.recv() => told(step),
                outcome = work.call.answer() => break outcome,
            }
        };
        work.settled = true;
        outcome.map(|(reply, _)| reply)
    }

    /// Everything that the warden tells from now on.
    pub(crate) fn events(&self) -> mpsc::UnboundedReceiver<WardenEvent> {
        self.exchange.listen(WardenEvent::Closed(gone(None)))
    }

    /// Lets the warden finish and waits until it has ended, or `patience` is over. True when it has ended.
    pub(crate) async fn finish(self, patience: Duration) -> bool {
        let mut events = self.events();
        // A failed send means that the link has ended.
        let _ = self.outgoing.send(Word::Finish);
        let ended = async {
            while let Some(event) = events.recv().await {
                if matches!(event, WardenEvent::Closed(_)) {
                    break;
                }
            }
            // It cleans up after it has closed its side.
            match self.process {
                None => true,
                Some(process) => tokio::task::spawn_blocking(move || launch::ended(&process, patience))
                    .await
                    .unwrap_or(false),
            }
        };
        tokio::time::timeout(patience, ended).await.unwrap_or(false)
    }

    async fn ask(&self, command: Command) -> Result<Answer, Failure> {
        self.send(command, None)?.answer().await
    }

    pub(super) fn send(
        &self,
        command: Command,
        progress: Option<mpsc::UnboundedSender<Step>>,
    ) -> Result<Call<Answer, WardenEvent>, Failure> {
        let call = self.exchange.call(progress)?;
        let request = Request { id: call.id, command };
        self.outgoing.send(Word::Request(request)).map_err(|_| gone(None))?;
        Ok(call)
    }
}

/// Paths as the operating system spells them.
pub(crate) fn spelled(paths: &[PathBuf]) -> Vec<Blob> {
    paths.iter().map(|path| Blob::from(path.as_os_str().as_bytes())).collect()
}

/// Something under way, called off when nobody waits for it any more.
struct Work<'a> {
    call: Call<Answer, WardenEvent>,
    link: &'a WardenLink,
    cancel: fn(u32) -> Command,
    settled: bool,
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        if !self.settled {
            // Nobody waits for the answer; when the link has ended there is nothing to call off.
            let _ = self.link.send((self.cancel)(self.call.id), None);
        }
    }
}

async fn write(
    mut writer: LinkWriter<PassingStream, Request, FromWarden>,
    mut words: mpsc::UnboundedReceiver<Word>,
) {
    while let Some(word) = words.recv().await {
        let sent = match word {
            Word::Request(request) => writer.send(request).await,
            Word::Finish => writer.close().await,
        };
        if sent.is_err() {
            // The reader meets the same end and knows more about it.
            std::future::pending::<()>().await;
        }
    }
}

async fn read(
    mut reader: LinkReader<PassingStream, Request, FromWarden>,
    passed: Passed,
    exchange: &Exchange<Answer, WardenEvent>,
) -> Option<FrameError> {
    loop {
        match reader.receive().await {
            Ok(Some(FromWarden::Answer { id, outcome })) => {
                exchange.answer(id, outcome.map(|reply| with_socket(reply, &passed)));
            }
            Ok(Some(FromWarden::Staging { id, copied, total })) => {
                exchange.progress(id, Step::Bytes(copied, total));
            }
            Ok(Some(FromWarden::Preparing { id, line })) => exchange.progress(id, Step::Line(line)),
            Ok(Some(FromWarden::AgentEnded { account })) => exchange.tell(&WardenEvent::AgentEnded(account)),
            Ok(None) => return None,
            Err(broken) => return Some(broken),
        }
    }
}

fn with_socket(reply: Reply, passed: &Passed) -> Answer {
    let socket = if reply == Reply::Control { passed.take() } else { None };
    (reply, socket)
}

fn gone(broken: Option<&FrameError>) -> Failure {
    let advice = "start airhatch again; the account's agent goes on meanwhile";
    match broken {
        None | Some(FrameError::Io(_)) => {
            Failure::new(Code::Internal, "the warden (airhatch-warden) has ended").hint(advice)
        }
        Some(e @ (FrameError::Version { .. } | FrameError::NotThisProtocol { .. })) => {
            Failure::new(Code::UnknownVersion, format!("airhatch-warden is of another version: {e}"))
                .hint("install airhatch and airhatch-warden of the same version")
        }
        Some(e) => {
            Failure::new(Code::Internal, format!("the warden (airhatch-warden) failed: {e}")).hint(advice)
        }
    }
}
