//! In the place of an engine: a socket that writes down what it is asked and answers as an empty engine would. It shows
//! what a warden asks for, and what it never does, without any engine.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// One request: what was asked for, and its body.
pub(crate) type Asked = (String, String);

pub(crate) struct Recorder {
    pub(crate) socket: PathBuf,
    asked: Arc<Mutex<Vec<Asked>>>,
    _folder: tempfile::TempDir,
}

impl Recorder {
    /// Listens until the test program ends.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let written = Arc::clone(&asked);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let written = Arc::clone(&written);
                std::thread::spawn(move || serve(connection, &written));
            }
        });
        Self { socket, asked, _folder: folder }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(connection: UnixStream, written: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(connection);
    while let Some((line, body)) = request(&mut reader) {
        let (status, answer) = answer(&line, &body);
        written.lock().unwrap().push((line, body));
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        if reader.get_mut().write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}

/// Method and target, and the body; `None` at the end.
fn request(reader: &mut BufReader<UnixStream>) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let length = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let first = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    Some((first, String::from_utf8_lossy(&body).into_owned()))
}

fn answer(line: &str, body: &str) -> (u16, String) {
    let (method, target) = line.split_once(' ').unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let said = match (method, path) {
        ("GET", "/version") => r#"{"Version":"20.10.24","ApiVersion":"1.41"}"#.to_owned(),
        ("GET", "/info") => r#"{"SecurityOptions":["name=seccomp,profile=default"]}"#.to_owned(),
        ("GET", "/networks") => "[]".to_owned(),
        ("GET", image) if image.starts_with("/images/") => r#"{"Id":"sha256:1234"}"#.to_owned(),
        ("POST", "/volumes/create") => {
            let asked: serde_json::Value = serde_json::from_str(body).unwrap();
            let (name, labels) = (&asked["Name"], &asked["Labels"]);
            serde_json::json!({ "Name": name, "Driver": "local", "Mountpoint": "/", "Labels": labels, "Options": {}, "Scope": "local" })
                .to_string()
        }
        ("POST", "/networks/create") => r#"{"Id":"0af1","Warning":""}"#.to_owned(),
        ("POST", "/containers/create") => r#"{"Id":"0af2","Warnings":[]}"#.to_owned(),
        ("POST", connect) if connect.ends_with("/connect") => String::new(),
        _ => return (404, r#"{"message":"No such thing"}"#.to_owned()),
    };
    (200, said)
}
