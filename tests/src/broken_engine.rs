//! In the place of a container engine: a socket that answers as an engine without anything on it would, but for what a test
//! breaks. Real engines do not run out of disk when a test wants them to.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

use serde_json::json;

/// What happens at a request instead of the usual answer.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    /// The engine refuses, in these words.
    Refusal(&'static str),
    /// The engine answers with this.
    Answer(&'static str),
    /// The engine begins to answer, and is gone.
    HangUp,
}

type Broken = dyn Fn(&str) -> Option<Trouble> + Send + Sync;

/// The socket; it listens until the test program ends.
pub struct BrokenEngine {
    folder: tempfile::TempDir,
}

impl BrokenEngine {
    /// An engine where `broken` says what happens at a request like `POST /containers/create`; with `None` it works.
    pub fn start(broken: impl Fn(&str) -> Option<Trouble> + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let listener = UnixListener::bind(folder.path().join("engine.sock")).unwrap();
        let broken: Arc<Broken> = Arc::new(broken);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let broken = Arc::clone(&broken);
                std::thread::spawn(move || serve(connection, &*broken));
            }
        });
        Self { folder }
    }

    /// As `DOCKER_HOST` names it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("engine.sock").display())
    }

    /// Nobody but its owner may use it any more.
    pub fn keep_to_owner(&self) {
        let private = PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(self.folder.path().join("engine.sock"), private).unwrap();
    }
}

fn serve(connection: UnixStream, broken: &Broken) {
    let mut reader = BufReader::new(connection);
    while let Some((request, body)) = next_request(&mut reader) {
        let (status, answer) = match broken(&request) {
            None => usual(&request, &body),
            Some(Trouble::Answer(answer)) => (200, answer.to_owned()),
            Some(Trouble::Refusal(words)) => (500, json!({ "message": words }).to_string()),
            Some(Trouble::HangUp) => {
                let word = json!({ "stream": "Step 1/2" }).to_string() + "\n";
                let head = "HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n";
                let begun = format!("{head}{:x}\r\n{word}\r\n", word.len());
                // Whoever asked may be gone already.
                let _gone = reader.get_mut().write_all(begun.as_bytes());
                return;
            }
        };
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        if reader.get_mut().write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}

/// Method and path, and the body where its length is told; `None` at the end.
fn next_request(reader: &mut BufReader<UnixStream>) -> Option<(String, String)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_ascii_lowercase()),
        }
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut words = head.first()?.split([' ', '?']);
    let request = format!("{} {}", words.next()?.to_ascii_uppercase(), words.next()?);
    Some((request, String::from_utf8_lossy(&body).into_owned()))
}

fn usual(request: &str, body: &str) -> (u16, String) {
    let asked = || serde_json::from_str::<serde_json::Value>(body).unwrap();
    let answer = match request {
        "GET /version" => json!({ "Version": "20.10.24", "ApiVersion": "1.41", "Arch": "amd64" }),
        "GET /info" => json!({ "SecurityOptions": [] }),
        "GET /networks" => json!([]),
        "POST /volumes/create" => {
            let (name, labels) = (&asked()["Name"], &asked()["Labels"]);
            json!({ "Name": name, "Driver": "local", "Mountpoint": "/", "Labels": labels, "Options": {}, "Scope": "local" })
        }
        "POST /networks/create" => json!({ "Id": "0af1", "Warning": "" }),
        "POST /containers/create" => json!({ "Id": "0af2", "Warnings": [] }),
        image if image.starts_with("GET /images/") => json!({ "Id": "sha256:1234" }),
        connect if connect.ends_with("/connect") => json!({}),
        _ => return (404, json!({ "message": "No such thing" }).to_string()),
    };
    (200, answer.to_string())
}
