//! A front's conversation with an agent, as the tests hold it: one question at a time, events kept until asked for.

use std::collections::VecDeque;
use std::path::Path;

use airhatch_wire::control::{Command, Event, FromAgent, Reply, Request};
use airhatch_wire::frame::FrameError;
use airhatch_wire::link::Link;
use airhatch_wire::{Code, Failure};
use tokio::net::UnixStream;

use crate::in_time;

/// A connection to an agent's control socket.
pub struct Control {
    link: Link<UnixStream, Request, FromAgent>,
    last: u32,
    events: VecDeque<Event>,
}

impl Control {
    /// Connects and greets.
    ///
    /// # Errors
    /// When nobody listens there, or the agent hangs up.
    pub async fn connect(socket: &Path) -> Result<Self, FrameError> {
        let link = Link::open(UnixStream::connect(socket).await?).await?;
        Ok(Self { link, last: 0, events: VecDeque::new() })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// What the agent refused with; [`Code::AgentDown`] when it went away.
    pub async fn ask(&mut self, command: Command) -> Result<Reply, Failure> {
        self.last += 1;
        let what = format!("the answer to {command:?}");
        let gone = |error: FrameError| Failure::new(Code::AgentDown, error.to_string());
        self.link.send(&Request { id: self.last, command }).await.map_err(gone)?;
        in_time(&what, async {
            loop {
                match self.link.receive().await.map_err(gone)? {
                    Some(FromAgent::Answer { id, outcome }) if id == self.last => return outcome,
                    Some(FromAgent::Answer { id, .. }) => panic!("an answer to {id}, which nobody asked"),
                    Some(FromAgent::Event(event)) => self.events.push_back(event),
                    None => return Err(Failure::new(Code::AgentDown, "the agent hung up")),
                }
            }
        })
        .await
    }

    /// Starts the events.
    pub async fn watch(&mut self) {
        assert_eq!(self.ask(Command::Watch { attending: true }).await, Ok(Reply::Done));
    }

    /// The next event of the wanted kind; those before it are gone then.
    pub async fn event<T>(&mut self, what: &str, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        in_time(what, async {
            loop {
                while let Some(event) = self.events.pop_front() {
                    if let Some(picked) = pick(&event) {
                        return picked;
                    }
                }
                match self.link.receive().await.unwrap() {
                    Some(FromAgent::Event(event)) => self.events.push_back(event),
                    other => panic!("waited for {what}, got {other:?}"),
                }
            }
        })
        .await
    }

    /// Waits until the agent has hung up.
    pub async fn hung_up(mut self) {
        in_time("the end of a conversation", async { while let Ok(Some(_)) = self.link.receive().await {} })
            .await;
    }
}
