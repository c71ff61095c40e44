//! What a container tells about its account to whoever may ask its engine: no passphrase, no code, no key.

use std::fmt::Write;

use airhatch_tests::PASSPHRASE;

use super::*;

/// How private keys begin, wherever programs write them down.
const KEYS: [&str; 2] = ["PRIVATE KEY", "AGE-SECRET-KEY-"];

#[tokio::test]
async fn no_secret_is_in_a_container_s_description_log_arguments_or_environment() {
    let Some(engine) = engine() else { return };
    let world = ContainerWorld::with_policy(&engine, "invite").await;
    let ann = world.front("ann");
    let code = world.invite(ANN);
    let created = world.create(&ann, ANN, &["--code", &code]).await;
    assert_eq!(created.code, 0, "{created:?}");
    ann.ok(&["logout"]).await;
    let wrong = "another passphrase altogether";
    let file = ann.file("wrong", wrong.as_bytes());
    assert_eq!(ann.refused(&["login", "--passphrase-file", &file]).await.0, 4);
    log_in(&ann).await;

    let told = everything_told(&engine, &world, &ann);
    for known in [ANN, "/state/home", "--advertise", "PATH=/", "the account is open"] {
        assert!(told.contains(known), "{known} is not in it: this looks in the wrong places\n{told}");
    }
    for secret in [PASSPHRASE, wrong, &code].into_iter().chain(KEYS) {
        assert!(!told.contains(secret), "{secret:?} is told");
    }
}

/// What the engine and the kernel tell of a user's container, and what the warden keeps and logs of the account.
fn everything_told(engine: &Engine, world: &ContainerWorld<'_>, front: &Front) -> String {
    let agent = world.agent(front);
    let mut told = agent.inspect().to_string() + &agent.log();
    for name in world.belongings(front) {
        for kind in ["volume", "network"] {
            told += &String::from_utf8_lossy(&engine.answer(&[kind, "inspect", &name]).stdout);
        }
    }
    let processes = engine.said(&["top", agent.id(), "-eo", "pid,args"]);
    for pid in processes.lines().filter_map(|line| line.split_whitespace().next()?.parse::<u32>().ok()) {
        for name in ["cmdline", "environ"] {
            // Only root may read another user's environment; the engine's own account of it is above.
            let words = std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            write!(told, "\n{}", String::from_utf8_lossy(&words)).unwrap();
        }
    }
    let account = front.home().join("accounts").join(ANN);
    for path in [front.home().join("warden.log"), account.join("account.toml")] {
        told += &std::fs::read_to_string(path).unwrap();
    }
    told + &processes
}
