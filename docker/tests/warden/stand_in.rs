//! What is started in place of `airhatch-agent`: it opens a control socket, tells who it is to whoever sends a line, and
//! behaves as it was told to.

use std::io::Write;
use std::path::PathBuf;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};

fn variable(name: &str) -> String {
    std::env::var(name).expect("this is started by other tests, not by hand")
}

#[test]
#[ignore = "not a test: the agent that other tests start"]
fn the_agent_that_other_tests_start() {
    let home = PathBuf::from(variable("STAND_IN_HOME"));
    if variable("STAND_IN_DETACH") == "yes" {
        rustix::process::setsid().unwrap();
    }
    let mut started =
        std::fs::OpenOptions::new().append(true).create(true).open(home.join("started")).unwrap();
    writeln!(started, "{}", std::process::id()).unwrap();
    std::env::set_current_dir(variable("STAND_IN_CONTROL")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(serve(home, &variable("STAND_IN_BEHAVIOUR")));
    std::process::exit(0);
}

async fn serve(home: PathBuf, behaviour: &str) {
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let listener = (behaviour != "mute").then(|| UnixListener::bind("control.sock").unwrap());
    loop {
        tokio::select! {
            _ = terminate.recv() => if behaviour != "deaf" { break },
            connection = accept(listener.as_ref()) => drop(tokio::spawn(talk(connection))),
        }
    }
    std::fs::write(home.join("ended-gently"), "").unwrap();
    std::fs::remove_file("control.sock").unwrap();
}

async fn accept(listener: Option<&UnixListener>) -> UnixStream {
    match listener {
        Some(listener) => listener.accept().await.unwrap().0,
        None => std::future::pending().await,
    }
}

async fn talk(mut connection: UnixStream) {
    let (reading, mut writing) = connection.split();
    let mut lines = BufReader::new(reading).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = format!("{line} {}\n", std::process::id());
        if writing.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
