//! Between a warden and the real engine: passes everything on, until a request that it was told of. That one it refuses in
//! the engine's place, or it lets the engine do it and is gone from then on, as an engine that dies in the middle.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What happens at the request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The engine never hears of it; the warden is told that it failed.
    Refuses,
    /// The engine never hears of it, and neither does the warden hear of the engine.
    DiesBefore,
    /// The engine does it, and the warden hears nothing more.
    DiesAfter,
}

/// A request by its method and the end of its path.
#[derive(Clone, Copy)]
pub(crate) struct Request(pub(crate) &'static str, pub(crate) &'static str);

/// The socket in the engine's place.
pub(crate) struct Proxy {
    socket: PathBuf,
    met: Arc<AtomicBool>,
    _folder: tempfile::TempDir,
}

impl Proxy {
    /// Listens until the test program ends.
    pub(crate) fn start(request: Request, fault: Fault) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (met, path) = (Arc::new(AtomicBool::new(false)), socket.clone());
        let seen = Arc::clone(&met);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (seen, path) = (Arc::clone(&seen), path.clone());
                std::thread::spawn(move || pass(connection, request, fault, &seen, &path));
            }
        });
        Self { socket, met, _folder: folder }
    }

    /// Where it is, as `DOCKER_HOST` says it.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Whether the request was made.
    pub(crate) fn was_met(&self) -> bool {
        self.met.load(Ordering::SeqCst)
    }
}

/// Where the real engine is.
fn real() -> PathBuf {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock").into()
}

/// One request for each connection.
fn pass(client: UnixStream, request: Request, fault: Fault, met: &AtomicBool, path: &Path) {
    let gone = || met.load(Ordering::SeqCst) && fault != Fault::Refuses;
    let mut reader = BufReader::new(client);
    let Ok((first, whole)) = read(&mut reader) else { return };
    let mut client = reader.into_inner();
    if gone() {
        return;
    }
    let target = first.split(' ').nth(1).unwrap_or_default();
    let place = target.split('?').next().unwrap_or_default();
    if first.starts_with(request.0) && place.ends_with(request.1) {
        met.store(true, Ordering::SeqCst);
        if fault == Fault::Refuses {
            let said = r#"{"message":"not today"}"#;
            let head = "HTTP/1.1 500 -\r\nContent-Type: application/json\r\nConnection: close\r\n";
            let _gone = write!(client, "{head}Content-Length: {}\r\n\r\n{said}", said.len());
            return;
        }
        let _removed = std::fs::remove_file(path);
        if fault == Fault::DiesBefore {
            return;
        }
    }
    let mut engine = UnixStream::connect(real()).unwrap();
    engine.write_all(&whole).unwrap();
    let mut answer = Vec::new();
    if gone() {
        let _done = engine.read_to_end(&mut answer);
    } else {
        let _gone = io::copy(&mut engine, &mut client);
    }
}

/// The first line, and the whole request with a wish for one answer only.
fn read(reader: &mut BufReader<UnixStream>) -> io::Result<(String, Vec<u8>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line);
    }
    let value = |line: &String, wanted: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
    };
    let length = lines.iter().find_map(|line| value(line, "content-length"));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body)?;
    let first = lines.first().cloned().unwrap_or_default();
    let kept = lines.iter().filter(|line| value(line, "connection").is_none());
    let head: String = kept.map(String::as_str).chain(["Connection: close\r\n\r\n"]).collect();
    Ok((first, [head.into_bytes(), body].concat()))
}
