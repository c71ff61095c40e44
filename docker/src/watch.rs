//! Noticing that an agent has ended, whoever started it. Owns the list of agents that this warden has handed out. Used by
//! every runtime.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use airhatch_wire::Email;
use rustix::process::Pid;
use tokio::sync::mpsc::UnboundedSender;

mod ending;
pub(crate) use ending::ending;

/// The agents that are watched.
#[derive(Debug)]
pub(crate) struct Watch {
    agents: Arc<Agents>,
    ended: UnboundedSender<Email>,
}

/// By account and process, which for an agent that is out of sight has no number; the value says that we end it
/// ourselves, so that nobody needs to be told.
type Agents = Mutex<HashMap<(Email, Option<Pid>), bool>>;

impl Watch {
    /// Watches nothing yet; `ended` hears of every agent that ends by itself.
    pub(crate) fn new(ended: UnboundedSender<Email>) -> Self {
        Self { agents: Arc::default(), ended }
    }

    /// Watches a process until it ends. Watched already is fine.
    pub(crate) fn process(&self, account: &Email, pid: Pid, process: OwnedFd) -> io::Result<()> {
        if let Some(agent) = self.enter(account, Some(pid)) {
            match ending(process) {
                Ok(end) => self.wait(agent, end),
                Err(error) => {
                    lock(&self.agents).remove(&agent);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Watches an agent whose process cannot be seen from here, by whatever tells of its end. Watched already is fine.
    pub(crate) fn out_of_sight(&self, account: &Email, end: impl Future<Output = ()> + Send + 'static) {
        if let Some(agent) = self.enter(account, None) {
            self.wait(agent, end);
        }
    }

    /// Notes that an account's agents end because we want them to.
    pub(crate) fn expect_end(&self, account: &Email) {
        let mut agents = lock(&self.agents);
        agents.iter_mut().filter(|((of, _), _)| of == account).for_each(|(_, expected)| *expected = true);
    }

    /// The agent's place in the list, unless it has one.
    fn enter(&self, account: &Email, pid: Option<Pid>) -> Option<(Email, Option<Pid>)> {
        let agent = (account.clone(), pid);
        match lock(&self.agents).entry(agent.clone()) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => {
                place.insert(false);
                Some(agent)
            }
        }
    }

    fn wait(&self, agent: (Email, Option<Pid>), end: impl Future<Output = ()> + Send + 'static) {
        let (agents, ended) = (Arc::clone(&self.agents), self.ended.clone());
        tokio::spawn(async move {
            end.await;
            let expected = lock(&agents).remove(&agent).unwrap_or(true);
            if !expected {
                // Nobody listens any more only when this warden is leaving.
                let _leaving = ended.send(agent.0);
            }
        });
    }
}

/// The list stays whole whatever a holder did, so a panic elsewhere does not spread.
fn lock(agents: &Agents) -> MutexGuard<'_, HashMap<(Email, Option<Pid>), bool>> {
    agents.lock().unwrap_or_else(PoisonError::into_inner)
}
