//! Where a new account's agent can run on this machine, and what is best when nobody says. Used by the command line and
//! by the full-screen program, so that both decide alike.

use airhatch_wire::warden::{Engine, RuntimeKind};
use airhatch_wire::{Address, Code, Failure};

/// The better of the two runtimes that would work: a container, unless something is in its way.
pub(crate) fn best(authority: &Address, engine: &Result<Engine, Failure>) -> RuntimeKind {
    match obstacle(authority, engine) {
        None => RuntimeKind::Container,
        Some(_) => RuntimeKind::Process,
    }
}

/// Why an agent cannot run in a container here, and what to do about it.
pub(crate) fn obstacle(authority: &Address, engine: &Result<Engine, Failure>) -> Option<Failure> {
    if authority.is_loopback() {
        return Some(unreachable_from_containers(authority));
    }
    match engine {
        Ok(engine) => engine.image.clone().err(),
        Err(failure) => Some(failure.clone()),
    }
}

/// A CA that only this machine's processes reach.
pub(crate) fn unreachable_from_containers(authority: &Address) -> Failure {
    Failure::new(Code::Invalid, format!("an agent in a container cannot reach a CA at {authority}")).hint(
        "name the CA by an address of this machine, or host.docker.internal:PORT, or let the agent run as a process \
         (--runtime process)",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn engine(image: Result<&str, &str>) -> Result<Engine, Failure> {
        Ok(Engine {
            product: "Docker 28".into(),
            socket: "/run/docker.sock".into(),
            rootless: false,
            image: image.map(Into::into).map_err(|why| Failure::new(Code::EngineUnavailable, why)),
        })
    }

    #[test]
    fn a_container_is_best_only_when_engine_and_image_are_there_and_the_ca_can_be_reached() {
        let address: Address = "192.0.2.1:7400".parse().unwrap();
        assert_eq!(best(&address, &engine(Ok("airhatch/agent:1"))), RuntimeKind::Container);
        assert_eq!(obstacle(&address, &engine(Ok("airhatch/agent:1"))), None);
        let missing = Failure::new(Code::EngineUnavailable, "no engine was found");
        for (authority, engine, why) in [
            ("192.0.2.1:7400", engine(Err("no image")), "no image"),
            ("192.0.2.1:7400", Err(missing), "no engine was found"),
            ("127.0.0.1:7400", engine(Ok("airhatch/agent:1")), "cannot reach a CA at 127.0.0.1"),
        ] {
            let authority = authority.parse().unwrap();
            assert_eq!(best(&authority, &engine), RuntimeKind::Process);
            let told = obstacle(&authority, &engine).unwrap();
            assert!(told.message.shown().contains(why), "{told}");
        }
    }

    #[test]
    fn a_ca_that_no_container_can_reach_comes_with_advice() {
        for address in ["127.0.0.1:7400", "localhost:7400", "[::1]:7400"] {
            let failure = unreachable_from_containers(&address.parse().unwrap());
            assert_eq!(failure.code, Code::Invalid);
            assert!(failure.hint.shown().contains("host.docker.internal"), "{failure}");
        }
    }
}
