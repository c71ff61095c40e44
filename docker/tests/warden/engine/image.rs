//! Getting the image: loaded from what an engine saved, or built from sources, and what is refused leaves nothing.

use airhatch_wire::Code;
use airhatch_wire::warden::{Engine, FromWarden, ImageSource};

use super::recorder::{Asked, Recorder};
use super::*;
use crate::front::{Answer, code};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A warden whose agents run from an image that is not there yet.
struct Bench {
    world: World,
    name: String,
    /// Images of this test, removed with it.
    made: Vec<String>,
}

/// `None` when there is no engine, which was said.
fn bench(name: &str) -> Option<Bench> {
    let name = format!("airhatch-test/{name}-{}:1", std::process::id());
    engine_answers().then(|| Bench { world: world(), made: vec![name.clone()], name })
}

impl Bench {
    fn front(&self) -> Front {
        let mut warden = self.world.warden(&["--agent-image", &self.name]);
        warden.env_remove("DOCKER_HOST");
        if let Some(host) = std::env::var_os("DOCKER_HOST") {
            warden.env("DOCKER_HOST", host);
        }
        let (stream, warden) = self.world.link(warden);
        Front::new(stream, warden).open()
    }

    /// Writes sources whose agent is what these lines of a Dockerfile make.
    fn sources(&self, lines: &str) -> PathBuf {
        let folder = self.world.files().join("sources");
        fs::create_dir_all(folder.join("docker")).unwrap();
        fs::create_dir_all(folder.join("target")).unwrap();
        fs::write(folder.join(".dockerignore"), "*\n!kept\n").unwrap();
        fs::write(folder.join("kept"), self.name.as_bytes()).unwrap();
        fs::write(folder.join("target/left-out"), "left out").unwrap();
        fs::write(folder.join("docker/Dockerfile"), lines).unwrap();
        folder
    }

    /// Has the engine save an image made of these labels, under another name, and forget it.
    fn saved(&mut self, labels: &[(&str, &str)]) -> PathBuf {
        let other = self.name.replace(":1", ":saved");
        let tree = self.world.files().join("tree.tar");
        fs::write(self.world.files().join("mark"), &self.name).unwrap();
        let packed = Process::new("tar")
            .arg("-C")
            .arg(self.world.files())
            .arg("-cf")
            .arg(&tree)
            .arg("mark")
            .status()
            .unwrap();
        assert!(packed.success());
        let mut import = vec!["import".to_owned()];
        for (label, value) in labels {
            import.extend(["--change".to_owned(), format!("LABEL {label}={value}")]);
        }
        import.extend([tree.to_str().unwrap().to_owned(), other.clone()]);
        docker(&import.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        let file = self.world.files().join("saved.tar");
        docker(&["save", "-o", file.to_str().unwrap(), &other]).unwrap();
        docker(&["image", "rm", &other]).unwrap();
        self.made.push(other);
        file
    }

    fn id(&self, name: &str) -> Option<String> {
        docker(&["image", "inspect", "--format", "{{.Id}}", name]).ok()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for name in &self.made {
            let _never_made = docker(&["image", "rm", "--force", name]);
        }
    }
}

fn prepare(source: ImageSource) -> Command {
    Command::PrepareImage { source }
}

fn archive(path: &Path) -> Command {
    prepare(ImageSource::Archive(path.to_str().unwrap().as_bytes().to_vec().into()))
}

fn sources(path: &Path) -> Command {
    prepare(ImageSource::Sources(path.to_str().unwrap().as_bytes().to_vec().into()))
}

fn ready(answer: Answer) -> Engine {
    match answer {
        Ok(Reply::Engine(engine)) => engine,
        other => panic!("{other:?}"),
    }
}

fn ours() -> [(&'static str, &'static str); 2] {
    [("airhatch.image", "agent"), ("org.opencontainers.image.version", VERSION)]
}

/// The ids of all images without a name.
fn nameless() -> Vec<String> {
    let listed = docker(&["images", "--quiet", "--no-trunc", "--filter", "dangling=true"]).unwrap();
    listed.lines().map(str::to_owned).collect()
}

#[test]
fn a_saved_image_is_loaded_under_the_name_that_agents_run_by_and_no_other() {
    let Some(mut bench) = bench("load") else { return };
    let file = bench.saved(&ours());
    let engine = ready(bench.front().ask(archive(&file)));
    assert_eq!(engine.image.map(|image| image.shown()), Ok(bench.name.clone()));
    assert!(bench.id(&bench.name).is_some());
    assert_eq!(bench.id(&bench.name.replace(":1", ":saved")), None, "the name in the file was taken over");
}

#[test]
fn an_image_of_something_else_is_refused_and_the_one_that_was_there_stays() {
    let Some(mut bench) = bench("other") else { return };
    let file = bench.saved(&ours());
    let mut front = bench.front();
    ready(front.ask(archive(&file)));
    let before = bench.id(&bench.name).unwrap();
    for labels in [
        &[("airhatch.image", "ca"), ("org.opencontainers.image.version", VERSION)][..],
        &[("airhatch.image", "agent"), ("org.opencontainers.image.version", "0.0.1")],
        &[],
    ] {
        let other = bench.saved(labels);
        assert_eq!(code(front.ask(archive(&other))), Code::BadSource, "{labels:?}");
        assert_eq!(bench.id(&bench.name).as_deref(), Some(before.as_str()));
    }
}

#[test]
fn what_is_no_saved_image_is_told_with_advice() {
    let Some(bench) = bench("garbage") else { return };
    let mut front = bench.front();
    let file = bench.world.files().join("file");
    fs::write(&file, vec![0xaa; 100_000]).unwrap();
    let refused = front.ask(archive(&file)).unwrap_err();
    assert_eq!(refused.code, Code::BadSource);
    assert!(!refused.hint.is_empty(), "{refused}");
    assert_eq!(code(front.ask(archive(&file.join("none")))), Code::BadSource);
    assert_eq!(code(front.ask(archive(&bench.world.files().join("none")))), Code::NotFound);
    assert_eq!(code(front.ask(archive(Path::new("file")))), Code::Invalid);
    assert_eq!(bench.id(&bench.name), None);
}

#[test]
fn sources_are_built_and_what_the_engine_says_is_told() {
    let Some(bench) = bench("build") else { return };
    let folder = bench.sources(
        "FROM scratch AS agent\nARG VERSION=0\nCOPY . /\nLABEL airhatch.image=agent \
         org.opencontainers.image.version=${VERSION}\nFROM scratch AS ca\nCOPY missing /\n",
    );
    let mut front = bench.front();
    let engine = ready(front.ask(sources(&folder)));
    assert_eq!(engine.image.map(|image| image.shown()), Ok(bench.name.clone()));
    let lines: Vec<String> = front.take_aside().into_iter().filter_map(line).collect();
    assert!(lines.iter().any(|line| line.starts_with("Step ")), "{lines:?}");
    let history = docker(&["image", "inspect", "--format", "{{.Size}}", &bench.name]).unwrap();
    let packed = bench.name.len() as u64 + fs::metadata(folder.join("docker/Dockerfile")).unwrap().len();
    assert_eq!(history, packed.to_string(), "only what is not left out was packed");
}

fn line(word: FromWarden) -> Option<String> {
    match word {
        FromWarden::Preparing { line, .. } => Some(line.shown()),
        _ => None,
    }
}

#[test]
fn a_build_that_fails_or_makes_something_else_leaves_nothing() {
    let Some(bench) = bench("failing") else { return };
    let mut front = bench.front();
    let before = nameless();
    let kind = format!("other-{}", std::process::id());
    let other = format!("FROM scratch AS agent\nCOPY . /\nLABEL airhatch.image={kind}\n");
    let cases = [
        ("FROM scratch AS agent\nCOPY missing /\n", Code::EngineUnavailable),
        ("FROM scratch AS agent\nRUN [\"/none\"]\n", Code::EngineUnavailable),
        ("FROM scratch AS ca\nCOPY . /\n", Code::EngineUnavailable),
        ("nonsense", Code::EngineUnavailable),
        (&other, Code::BadSource),
    ];
    for (lines, expected) in cases {
        let refused = front.ask(sources(&bench.sources(lines))).unwrap_err();
        assert_eq!(refused.code, expected, "{lines:?}: {refused}");
        assert!(!refused.hint.is_empty(), "{refused}");
        assert_eq!(bench.id(&bench.name), None, "{lines:?}");
    }
    let mark = |id: &String| !before.contains(id) && is_of_kind(id, &kind);
    assert_eq!(nameless().into_iter().filter(mark).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(code(front.ask(sources(&bench.world.files().join("target")))), Code::NotFound);
    fs::remove_file(bench.sources("").join("docker/Dockerfile")).unwrap();
    assert_eq!(code(front.ask(sources(&bench.world.files().join("sources")))), Code::BadSource);
}

/// Whether an image says that it is of this kind.
fn is_of_kind(id: &str, kind: &str) -> bool {
    docker(&["image", "inspect", "--format", r#"{{index .Config.Labels "airhatch.image"}}"#, id])
        .is_ok_and(|said| said == kind)
}

#[test]
fn a_build_is_called_off_by_a_word_and_by_the_end_of_the_front() {
    let Some(bench) = bench("endless") else { return };
    let _images = Images::share();
    // Runs until somebody ends it.
    let endless =
        "RUN [\"/airhatch-agent\", \"run\", \"--home\", \"/state/home\", \"--control\", \"/control\"]";
    let folder = bench.sources(&format!("FROM {} AS agent\n{endless}\n", Images::name("good")));
    let building = |front: &mut Front| {
        let id = front.send(sources(&folder));
        loop {
            let line = line(front.next_event()).unwrap_or_default();
            if let Some((_, container)) = line.split_once("Running in ") {
                return (id, container.to_owned());
            }
        }
    };
    let ends = |container: &str| {
        wait_until("the end of what the build ran", || docker(&["inspect", container]).is_err());
    };
    let mut front = bench.front();
    let (id, container) = building(&mut front);
    assert_eq!(code(front.ask(sources(&folder))), Code::TryAgain, "one at a time");
    assert_eq!(front.ask(Command::CancelPrepare { id: id + 40 }), Ok(Reply::Done));
    assert_eq!(front.ask(Command::CancelPrepare { id }), Ok(Reply::Done));
    assert_eq!(code(front.answer(id)), Code::Cancelled);
    ends(&container);
    let (_, container) = building(&mut front);
    assert!(front.leave().success());
    ends(&container);
    assert_eq!(bench.id(&bench.name), None);
}

#[test]
fn a_front_that_may_have_heard_strangers_gets_no_image_and_the_engine_hears_of_nothing() {
    let (world, recorder) = (world(), Recorder::start());
    let mut warden = world.warden(&[]);
    warden.env("DOCKER_HOST", format!("unix://{}", recorder.socket.display()));
    let (stream, warden) = world.link(warden);
    let mut front = Front::new(stream, warden).open();
    let folder = world.files();
    fs::create_dir_all(folder.join("docker")).unwrap();
    fs::write(folder.join("docker/Dockerfile"), "FROM scratch AS agent\n").unwrap();
    front.create("ann@a");
    let _connection = front.open_control("ann@a").unwrap();
    for command in [sources(&folder), archive(&folder.join("docker/Dockerfile"))] {
        let refused = front.ask(command).unwrap_err();
        assert_eq!(refused.code, Code::NotPermitted);
        assert!(refused.hint.shown().contains("airhatch engine"), "{refused}");
    }
    assert_eq!(recorder.asked(), Vec::<Asked>::new());
    assert_eq!(front.ask(Command::StopAgent { account: email("ann@a") }), Ok(Reply::Done));
}

#[test]
fn the_real_image_is_saved_and_loaded_as_the_same_image() {
    let Some(bench) = bench("real") else { return };
    let real = concat!("airhatch/agent:", env!("CARGO_PKG_VERSION"));
    let Some(id) = bench.id(real) else {
        assert!(std::env::var_os("AIRHATCH_REQUIRE_ENGINE").is_none(), "{real} is required: make images");
        eprintln!("SKIPPED: there is no image {real}; make images");
        return;
    };
    let file = bench.world.files().join("real.tar");
    docker(&["save", "-o", file.to_str().unwrap(), real]).unwrap();
    ready(bench.front().ask(archive(&file)));
    assert_eq!(bench.id(&bench.name), Some(id));
}
