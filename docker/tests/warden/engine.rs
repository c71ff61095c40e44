//! Agents in containers, on this machine's real engine with a stand-in image. Without an engine these tests are skipped
//! and say so; with `AIRHATCH_REQUIRE_ENGINE=1` they fail instead.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use airhatch_wire::warden::{Command, Isolation, Reply, RuntimeKind};

use crate::front::Front;
use crate::world::{World, email, wait_until, world};

mod bridge;
mod door;
mod faults;
mod half_made;
mod image;
mod inside;
mod life;
mod moving;
mod proxy;
mod real;
mod recorder;
mod walls;

/// Asks the engine through its own program, beside the warden.
pub(crate) fn docker(arguments: &[&str]) -> Result<String, String> {
    let output = Process::new("docker").args(arguments).output().map_err(|e| e.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn engine_answers() -> bool {
    match docker(&["version", "--format", "{{.Server.Version}}"]) {
        Ok(_) => true,
        Err(why) => {
            assert!(std::env::var_os("AIRHATCH_REQUIRE_ENGINE").is_none(), "an engine is required: {why}");
            eprintln!("SKIPPED: no container engine answers: {why}");
            false
        }
    }
}

/// The stand-in images; the last test that uses them removes them.
struct Images;

impl Images {
    /// `kind` is good, newer or broken.
    fn name(kind: &str) -> String {
        format!("airhatch-test/stand-in-{}:{kind}", std::process::id())
    }

    fn share() -> Arc<Self> {
        static SHARED: Mutex<Weak<Images>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        if let Some(images) = shared.upgrade() {
            return images;
        }
        for kind in ["good", "newer", "broken"] {
            import(program(), kind);
        }
        let images = Arc::new(Self);
        *shared = Arc::downgrade(&images);
        images
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        for kind in ["good", "newer", "broken"] {
            let _gone = docker(&["image", "rm", "--force", &Self::name(kind)]);
        }
    }
}

/// The stand-in program, compiled once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let program = folder.join("engine-agent");
        let fresh = folder.join(format!("engine-agent-{}", std::process::id()));
        let compiled = Process::new("rustc")
            .args([
                "--edition",
                "2024",
                "-O",
                "-C",
                "target-feature=+crt-static",
                "-C",
                "strip=symbols",
                "-o",
            ])
            .arg(&fresh)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/warden/engine/agent.rs"))
            .status()
            .unwrap();
        assert!(compiled.success());
        // Another run of these tests may use the one that is there.
        fs::rename(fresh, &program).unwrap();
        program
    })
}

/// Makes an image of one program and the open folder that its volume takes over.
fn import(program: &Path, kind: &str) {
    let base = Images::name(&format!("{kind}-base"));
    let tree = tempfile::tempdir().unwrap();
    fs::set_permissions(tree.path(), PermissionsExt::from_mode(0o755)).unwrap();
    fs::copy(program, tree.path().join("airhatch-agent")).unwrap();
    fs::write(tree.path().join("kind"), kind).unwrap();
    for folder in ["state", "inbox", "outbox", "drop", "control"] {
        let mode = if folder == "state" { 0o1777 } else { 0o755 };
        fs::create_dir(tree.path().join(folder)).unwrap();
        fs::set_permissions(tree.path().join(folder), PermissionsExt::from_mode(mode)).unwrap();
    }
    let mut packed = Process::new("tar")
        .args(["--owner=0", "--group=0", "-C"])
        .arg(tree.path())
        .args(["-c", "."])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let imported = Process::new("docker")
        .args(["import", "--change", r#"ENTRYPOINT ["/airhatch-agent"]"#])
        .args(["--change", "LABEL airhatch.test=1", "-", &base])
        .stdin(packed.stdout.take().unwrap())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(packed.wait().unwrap().success() && imported.success());
    // As the first process of its container, it hears of no gentler signal.
    let mut build = Process::new("docker")
        .args(["build", "--quiet", "--tag", &Images::name(kind), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    write!(build.stdin.take().unwrap(), "FROM {base}\nSTOPSIGNAL SIGKILL\n").unwrap();
    assert!(build.wait().unwrap().success());
    docker(&["image", "rm", &base]).unwrap();
}

/// A home whose accounts are in containers; everything of it on the engine goes with it.
struct EngineWorld {
    world: World,
    image: String,
    _images: Option<Arc<Images>>,
}

/// `None` when there is no engine, which was said.
fn engine_world() -> Option<EngineWorld> {
    engine_answers().then(|| EngineWorld {
        world: world(),
        image: Images::name("good"),
        _images: Some(Images::share()),
    })
}

impl EngineWorld {
    fn front(&self) -> Front {
        self.front_with(&self.image)
    }

    fn front_with(&self, image: &str) -> Front {
        self.front_of(self.world.warden(&["--agent-image", image]))
    }

    /// The front of a warden that uses this machine's engine.
    fn front_of(&self, mut warden: Process) -> Front {
        warden.env_remove("DOCKER_HOST");
        if let Some(host) = std::env::var_os("DOCKER_HOST") {
            warden.env("DOCKER_HOST", host);
        }
        if let Some(log) = std::env::var_os("AIRHATCH_TEST_WARDEN_LOG") {
            warden.stderr(fs::OpenOptions::new().append(true).create(true).open(log).unwrap());
        }
        let (stream, warden) = self.world.link(warden);
        Front::new(stream, warden).open()
    }

    /// A front whose account runs, and the connection to its agent.
    fn running(&self) -> (Front, UnixStream) {
        let mut front = self.front();
        create(&mut front);
        let connection = front.open_control("ann@a").unwrap();
        (front, connection)
    }

    fn home(&self) -> String {
        self.world.home.to_str().unwrap().to_owned()
    }

    /// The account's container, by the record.
    fn container(&self) -> String {
        let record = self.record();
        let name = record.lines().find_map(|line| line.strip_prefix("name = ")).expect("no name was kept");
        name.trim_matches('"').to_owned()
    }

    fn record(&self) -> String {
        fs::read_to_string(self.world.account("ann@a").join("account.toml")).unwrap()
    }

    fn port(&self) -> u16 {
        let record = self.record();
        record.lines().find_map(|line| line.strip_prefix("port = ")).unwrap().parse().unwrap()
    }

    fn inspect(&self, format: &str) -> String {
        docker(&["inspect", "--format", format, &self.container()]).unwrap()
    }

    /// Everything on the engine that belongs to this home: containers, volumes, networks.
    fn left(&self) -> Vec<String> {
        left_of(&self.home())
    }
}

fn left_of(home: &str) -> Vec<String> {
    let label = format!("label=airhatch.home={home}");
    let kinds: [&[&str]; 3] = [
        &["ps", "--all", "--format", "{{.Names}}", "--filter"],
        &["volume", "ls", "--format", "{{.Name}}", "--filter"],
        &["network", "ls", "--format", "{{.Name}}", "--filter"],
    ];
    let listed = kinds.into_iter().map(|kind| docker(&[kind, &[&label]].concat()).unwrap_or_default());
    listed.flat_map(|names| names.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

impl Drop for EngineWorld {
    fn drop(&mut self) {
        for name in left_of(&self.home()) {
            for kind in [&["rm", "--force"][..], &["volume", "rm"], &["network", "rm"]] {
                let _another_kind = docker(&[kind, &[&name]].concat());
            }
        }
        let used = docker(&["ps", "--all", "--quiet", "--filter", "network=airhatch-peers"]);
        if used.is_ok_and(|containers| containers.is_empty()) {
            let _gone_or_used_again = docker(&["network", "rm", "airhatch-peers"]);
        }
    }
}

fn create(front: &mut Front) {
    let command = Command::CreateAccount { account: email("ann@a"), runtime: RuntimeKind::Container };
    match front.ask(command) {
        Ok(Reply::Account(record)) => assert_eq!(record.runtime, RuntimeKind::Container),
        other => panic!("{other:?}"),
    }
}

fn isolation(front: &mut Front) -> Isolation {
    match front.ask(Command::Isolation { account: email("ann@a") }) {
        Ok(Reply::Isolation(isolation)) => isolation,
        other => panic!("{other:?}"),
    }
}

/// Says a line to the agent and gives what it answers.
fn say(connection: &UnixStream, line: &str) -> String {
    writeln!(&*connection, "{line}").unwrap();
    let mut answer = String::new();
    BufReader::new(connection).read_line(&mut answer).unwrap();
    answer.trim_end().to_owned()
}

fn stop(front: &mut Front) {
    assert_eq!(front.ask(Command::StopAgent { account: email("ann@a") }), Ok(Reply::Done));
}
