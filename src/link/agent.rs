//! The conversation with one agent, over the connection that the warden handed over.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use airhatch_wire::control::{Command, ContactView, Event, FromAgent, Reply, Request, TransferView};
use airhatch_wire::frame::FrameError;
use airhatch_wire::link::{Link, LinkReader, LinkWriter};
use airhatch_wire::{Code, Failure};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::exchange::Exchange;
use super::unexpected;

/// What an agent tells without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AgentEvent {
    /// Something changed.
    Event(Event),
    /// The agent went away; nothing follows.
    Closed(Failure),
}

/// A handle to the conversation. Clones share it; it ends when the last one is dropped.
#[derive(Clone)]
pub(crate) struct AgentLink {
    exchange: Arc<Exchange<Reply, AgentEvent>>,
    outgoing: mpsc::UnboundedSender<Request>,
}

impl AgentLink {
    /// Begins the conversation on a connected socket.
    ///
    /// # Errors
    /// [`Code::AgentDown`] when the other end is silent or gone, [`Code::UnknownVersion`] when it is of another make.
    pub(crate) async fn attach(socket: OwnedFd) -> Result<Self, Failure> {
        let socket = std::os::unix::net::UnixStream::from(socket);
        let link = async {
            socket.set_nonblocking(true)?;
            Link::open(UnixStream::from_std(socket)?).await
        };
        let (writer, reader) = link.await.map_err(|e| gone(Some(&e)))?.split();
        let exchange = Exchange::new();
        let (outgoing, words) = mpsc::unbounded_channel();
        let last_reader = Arc::clone(&exchange);
        tokio::spawn(async move {
            // The reader ends with the writer, so that dropping every handle closes the socket.
            let broken = tokio::select! {
                () = write(writer, words) => None,
                broken = read(reader, &last_reader) => broken,
            };
            let reason = gone(broken.as_ref());
            last_reader.close(&reason, &AgentEvent::Closed(reason.clone()));
        });
        Ok(Self { exchange, outgoing })
    }

    /// Asks, and waits for the answer. Many requests may be under way at once.
    ///
    /// # Errors
    /// What the agent refused with; [`Code::AgentDown`] when it went away.
    pub(crate) async fn request(&self, command: Command) -> Result<Reply, Failure> {
        let mut call = self.exchange.call(None)?;
        let request = Request { id: call.id, command };
        self.outgoing.send(request).map_err(|_| gone(None))?;
        call.answer().await
    }

    /// All contacts, by email.
    ///
    /// # Errors
    /// As [`AgentLink::request`].
    pub(crate) async fn contacts(&self) -> Result<Vec<ContactView>, Failure> {
        let mut all: Vec<ContactView> = Vec::new();
        loop {
            let after = all.last().map(|contact| contact.email.clone());
            match self.request(Command::Contacts { after }).await? {
                Reply::Contacts(page) if page.is_empty() => return Ok(all),
                Reply::Contacts(page) => all.extend(page),
                _ => return Err(unexpected()),
            }
        }
    }

    /// All transfers, newest first, each with its first few items.
    ///
    /// # Errors
    /// As [`AgentLink::request`].
    pub(crate) async fn transfers(&self) -> Result<Vec<TransferView>, Failure> {
        let mut all: Vec<TransferView> = Vec::new();
        loop {
            let after = all.last().map(|transfer| transfer.id);
            match self.request(Command::Transfers { after }).await? {
                Reply::Transfers(page) if page.is_empty() => return Ok(all),
                Reply::Transfers(page) => all.extend(page),
                _ => return Err(unexpected()),
            }
        }
    }

    /// Starts the events of this conversation; `attending` when a person will see them and decide about offers. The
    /// state at this moment is in the receiver when this returns.
    ///
    /// # Errors
    /// As [`AgentLink::request`].
    pub(crate) async fn watch(
        &self,
        attending: bool,
    ) -> Result<mpsc::UnboundedReceiver<AgentEvent>, Failure> {
        let events = self.exchange.listen(AgentEvent::Closed(gone(None)));
        self.request(Command::Watch { attending }).await?;
        Ok(events)
    }
}

async fn write(
    mut writer: LinkWriter<UnixStream, Request, FromAgent>,
    mut words: mpsc::UnboundedReceiver<Request>,
) {
    while let Some(request) = words.recv().await {
        if writer.send(request).await.is_err() {
            // The reader meets the same end and knows more about it.
            std::future::pending::<()>().await;
        }
    }
}

async fn read(
    mut reader: LinkReader<UnixStream, Request, FromAgent>,
    exchange: &Exchange<Reply, AgentEvent>,
) -> Option<FrameError> {
    loop {
        match reader.receive().await {
            Ok(Some(FromAgent::Answer { id, outcome })) => exchange.answer(id, outcome),
            Ok(Some(FromAgent::Event(event))) => exchange.tell(&AgentEvent::Event(event)),
            Ok(None) => return None,
            Err(broken) => return Some(broken),
        }
    }
}

fn gone(broken: Option<&FrameError>) -> Failure {
    match broken {
        None | Some(FrameError::Io(_)) => Failure::new(Code::AgentDown, "the account's agent has ended")
            .hint("log in to start it again: airhatch login"),
        Some(FrameError::Silence) => Failure::new(Code::AgentDown, "the account's agent does not answer")
            .hint("end it and log in again: airhatch logout, then airhatch login"),
        Some(e @ (FrameError::Version { .. } | FrameError::NotThisProtocol { .. })) => {
            Failure::new(Code::UnknownVersion, format!("the account's agent is of another version: {e}"))
                .hint("end it and log in again: airhatch logout, then airhatch login")
        }
        Some(e) => {
            Failure::new(Code::AgentDown, format!("the account's agent sent something unreadable: {e}"))
                .hint("end it and log in again: airhatch logout, then airhatch login")
        }
    }
}
