//! A captured agent: a program that attacks, in the agent's place, behind the very walls that an agent has. Everything is
//! tried a second time in a container without walls, since a refusal proves something only where the attack succeeds
//! otherwise.

use std::sync::PoisonError;

use super::*;

/// The attacker's image; the last test that uses it removes it.
struct Intruder;

impl Intruder {
    fn share() -> Arc<Self> {
        static SHARED: Mutex<Weak<Intruder>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = shared.upgrade() {
            return image;
        }
        import(&compiled(), "intruder");
        let image = Arc::new(Self);
        *shared = Arc::downgrade(&image);
        image
    }
}

impl Drop for Intruder {
    fn drop(&mut self) {
        let _gone = docker(&["image", "rm", "--force", &Images::name("intruder")]);
    }
}

/// The attacker, a static program from the crate that has the table of attacks.
fn compiled() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("static");
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let built = Process::new(env!("CARGO"))
        .args(["build", "--locked", "--quiet", "--package", "airhatch-jail", "--bin", "intruder"])
        .args(["--features", "intruder", "--target", &triple, "--target-dir"])
        .arg(&target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .status()
        .unwrap();
    assert!(built.success());
    target.join(triple).join("debug/intruder")
}

/// An attacker behind the walls of Ann's account, and one without walls.
struct Siege {
    world: EngineWorld,
    front: Front,
    walled: UnixStream,
    free: UnixStream,
    _image: Arc<Intruder>,
}

/// `None` when there is no engine, which was said. The free attacker's container gets more options.
fn siege(options: &[&str]) -> Option<Siege> {
    if !engine_answers() {
        return None;
    }
    let image = Intruder::share();
    let world = EngineWorld { world: world(), image: Images::name("intruder"), _images: None };
    let mut front = world.front();
    create(&mut front);
    let walled = front.open_control("ann@a").unwrap();
    let free = unwalled(&world, options);
    Some(Siege { world, front, walled, free, _image: image })
}

/// Starts the same program with every right there is.
fn unwalled(world: &EngineWorld, options: &[&str]) -> UnixStream {
    let door = world.world.files().join(format!("door-{}", options.len()));
    fs::create_dir(&door).unwrap();
    let (label, mount) = (format!("airhatch.home={}", world.home()), format!("{}:/control", door.display()));
    let rights =
        ["--security-opt", "seccomp=unconfined", "--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE"];
    let run = [&["run", "--detach", "--label", &label], &rights[..]].concat();
    let words = ["run", "--home", "/state/home", "--control", "/control", "--listen", "0.0.0.0:7411"];
    docker(&[&run[..], &["--volume", &mount], options, &[&world.image], &words].concat()).unwrap();
    let socket = door.join("control.sock");
    wait_until("the free attacker's door", || UnixStream::connect(&socket).is_ok());
    UnixStream::connect(socket).unwrap()
}

/// What the walls answer: not permitted, and no such call. Every other answer is that of a kernel that was reached.
const REFUSALS: [&str; 2] = ["1", "38"];

#[test]
fn every_call_that_no_agent_makes_is_refused_and_only_by_the_walls() {
    let Some(siege) = siege(&[]) else { return };
    let (walled, free) = (say(&siege.walled, "attack"), say(&siege.free, "attack"));
    let mut tried = 0;
    for (walled, free) in walled.split('|').zip(free.split('|')) {
        let (name, answer) = walled.split_once('=').unwrap();
        let without = free.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).unwrap();
        assert!(REFUSALS.contains(&answer), "{name}: {answer}");
        if REFUSALS.contains(&without) {
            eprintln!("NOT TESTABLE: {name} is refused on this machine without walls too");
        } else {
            tried += 1;
        }
    }
    assert!(tried >= 45, "only {tried} calls prove anything here");
}

#[test]
fn the_root_and_the_outbox_of_an_agent_cannot_be_written() {
    let Some(siege) = siege(&[]) else { return };
    for path in ["/planted", "/outbox/planted", "/airhatch-agent", "/etc/hosts", "/proc/sys/kernel/hostname"]
    {
        let walled = say(&siege.walled, &format!("write {path}"));
        assert!(walled.starts_with("refused: "), "{path}: {walled}");
    }
    for path in ["/planted", "/outbox/planted", "/etc/hosts"] {
        assert_eq!(say(&siege.free, &format!("write {path}")), "done", "{path}");
    }
}

#[test]
fn no_way_leads_from_one_account_to_another_s_state_or_door_or_to_the_engine() {
    let Some(Siege { world, mut front, walled, free: _free, _image }) = siege(&[]) else { return };
    let _bob = neighbour(&mut front);
    assert_eq!(say(&walled, "find vault"), "/state/home/vault", "its own and no other");
    assert_eq!(say(&walled, "find control.sock"), "/control/control.sock", "its own and no other");
    assert_eq!(say(&walled, "find docker.sock"), "");
    for socket in ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock"] {
        assert!(say(&walled, &format!("knock {socket}")).starts_with("refused: "), "{socket}");
    }

    let state = format!("{}-state:/bobs", container_of(&world, "bob@a"));
    let door = format!("{}:/door", world.world.account("bob@a").join("control").display());
    let engine = "/var/run/docker.sock:/var/run/docker.sock";
    let free = unwalled(&world, &["--volume", &state, "--volume", &door, "--volume", engine]);
    assert_eq!(say(&free, "find vault"), "/bobs/home/vault /state/home/vault");
    assert!(say(&free, "find control.sock").contains("/door/control.sock"));
    assert_eq!(say(&free, "knock /door/control.sock"), "connected");
    assert_eq!(say(&free, "read /bobs/home/vault"), "the keys of this account");
    assert_eq!(say(&free, "knock /var/run/docker.sock"), "connected");
}

#[test]
fn an_agent_reaches_others_in_the_shared_network_and_not_in_their_own() {
    let Some(Siege { world, mut front, walled, free: _free, _image }) = siege(&[]) else { return };
    let _bob = neighbour(&mut front);
    let bob = container_of(&world, "bob@a");
    let address = |network: &str| {
        let format = format!("{{{{(index .NetworkSettings.Networks {network:?}).IPAddress}}}}");
        let address: std::net::Ipv4Addr =
            docker(&["inspect", "--format", &format, &bob]).unwrap().parse().unwrap();
        address
    };
    let (shared, own) = (address("airhatch-peers"), address(&format!("{bob}-net")));
    assert_eq!(say(&walled, &format!("call {shared}:7411")), "connected");
    let refused = say(&walled, &format!("call {own}:7411"));
    assert!(refused.starts_with("refused: "), "{own}: {refused}; {}", docker(&["inspect", &bob]).unwrap());
    let free = unwalled(&world, &["--network", &format!("{bob}-net")]);
    assert_eq!(say(&free, &format!("call {own}:7411")), "connected");
}

#[test]
fn an_agent_gets_no_more_threads_and_no_more_memory_than_it_may_have() {
    let Some(Siege { world, mut front, walled, free, _image }) = siege(&[]) else { return };
    let missing = isolation(&mut front).missing;
    if !missing.is_empty() {
        eprintln!("SKIPPED: this engine does not limit what it was asked to: {missing:?}");
        return;
    }
    let refused = say(&walled, "threads 300");
    assert!(refused.starts_with("refused: "), "{refused}");
    assert_eq!(say(&walled, "threads 200"), "200 threads");
    assert_eq!(say(&free, "threads 300"), "300 threads");
    assert_eq!(say(&walled, "memory 300"), "300 MiB");
    assert_eq!(say(&free, "memory 600"), "600 MiB");
    let started = world.inspect("{{.State.StartedAt}}");
    writeln!(&walled, "memory 600").unwrap();
    let mut answer = String::new();
    let _ended = BufReader::new(&walled).read_line(&mut answer);
    assert_eq!(answer, "", "it was killed before it had all of it");
    wait_until("the restart of what was killed", || world.inspect("{{.State.StartedAt}}") != started);
}

/// Another account of the same home, which runs.
fn neighbour(front: &mut Front) -> UnixStream {
    let account = email("bob@a");
    front.ask(Command::CreateAccount { account, runtime: RuntimeKind::Container }).unwrap();
    front.open_control("bob@a").unwrap()
}

fn container_of(world: &EngineWorld, account: &str) -> String {
    let labels = [format!("airhatch.home={}", world.home()), format!("airhatch.account={account}")];
    let filters: Vec<String> = labels.iter().map(|label| format!("label={label}")).collect();
    let list = ["ps", "--format", "{{.Names}}", "--filter", &filters[0], "--filter", &filters[1]];
    docker(&list).unwrap()
}
