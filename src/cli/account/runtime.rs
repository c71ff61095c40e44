//! Where a new account's agent shall run: what was asked for, or the best that this machine offers.

use airhatch_wire::warden::{self, Engine, RuntimeKind};
use airhatch_wire::{Address, Failure};
use clap::ValueEnum;

use crate::cli::context::Context;
use crate::link::unexpected;
use crate::runtimes::{best, obstacle, unreachable_from_containers};

/// What can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Runtime {
    /// A container where engine and image are there, else a process
    #[default]
    Auto,
    /// A container of the local engine
    Docker,
    /// A process of yours
    Process,
}

impl Runtime {
    /// Decides, and says what was decided where it was left open.
    pub(super) async fn choose(self, context: &Context, authority: &Address) -> Result<RuntimeKind, Failure> {
        match self {
            Self::Process => Ok(RuntimeKind::Process),
            Self::Docker if authority.is_loopback() => Err(unreachable_from_containers(authority)),
            // Whether the engine will do, the warden says when the account is made.
            Self::Docker => Ok(RuntimeKind::Container),
            Self::Auto => {
                let engine = engine(context).await;
                context.out.talk(&told(authority, &engine));
                Ok(best(authority, &engine))
            }
        }
    }
}

async fn engine(context: &Context) -> Result<Engine, Failure> {
    match context.warden().request(warden::Command::Engine).await? {
        warden::Reply::Engine(engine) => Ok(engine),
        _ => Err(unexpected()),
    }
}

/// What was decided, and why.
fn told(authority: &Address, engine: &Result<Engine, Failure>) -> String {
    match (obstacle(authority, engine), engine) {
        (None, Ok(engine)) => format!("the agent will run in a container ({})", engine.product.shown()),
        (why, _) => {
            let why = why.map(|why| why.message.shown()).unwrap_or_default();
            format!("the agent will run as a process of yours, not in a container: {why}")
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use airhatch_wire::Code;

    use super::*;

    #[test]
    fn what_was_decided_is_told_with_its_reason() {
        let engine = |image: Result<&str, Failure>| {
            Ok(Engine {
                product: "Docker 28".into(),
                socket: "/run/docker.sock".into(),
                rootless: false,
                image: image.map(Into::into),
            })
        };
        let missing = |why: &str| Failure::new(Code::EngineUnavailable, why);
        for (authority, engine, part) in [
            ("192.0.2.1:7400", engine(Ok("airhatch/agent:1")), "in a container (Docker 28)"),
            ("192.0.2.1:7400", engine(Err(missing("no image"))), "not in a container: no image"),
            ("192.0.2.1:7400", Err(missing("no engine was found")), "no engine was found"),
            ("127.0.0.1:7400", engine(Ok("airhatch/agent:1")), "cannot reach a CA at 127.0.0.1"),
        ] {
            let sentence = told(&authority.parse().unwrap(), &engine);
            assert!(sentence.contains(part), "{sentence}");
        }
    }
}
