//! The agent in the stand-in image: a static program of its own, made by the tests with nothing but the compiler. It keeps
//! a count of its starts in its state, and does for whoever connects what a line says: `who`, `read PATH`, `write PATH`,
//! `remove PATH`. It packs and unpacks a state of plain files in a way of its own, and fails at that when a file in it
//! is called for how: `packs-forever`, `unpacks-forever`, `full`, `differs`, `older`.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};

fn option(name: &str) -> String {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).unwrap_or_else(|| panic!("{name} is missing"))
}

fn main() {
    let kind = fs::read_to_string("/kind").unwrap_or_default();
    if kind.trim() == "broken" {
        println!("starting\n\n  nothing works today\n");
        std::process::exit(3);
    }
    match std::env::args().nth(1).as_deref() {
        Some("pack") => return pack(&option("--home")),
        Some("unpack") => return unpack(&option("--home")),
        Some("stdio-bridge") => return bridge(),
        Some("healthcheck") => drop(connect()),
        _ => run(kind.trim()),
    }
}

fn socket() -> String {
    option("--control") + "/control.sock"
}

fn connect() -> UnixStream {
    UnixStream::connect(socket()).unwrap()
}

fn bridge() {
    let agent = connect();
    let to_agent = agent.try_clone().unwrap();
    std::thread::spawn(move || {
        let _gone = io::copy(&mut io::stdin().lock(), &mut &to_agent);
        let _gone = to_agent.shutdown(Shutdown::Write);
    });
    let mut output = io::stdout();
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = (&agent).read(&mut bytes) {
        output.write_all(&bytes[..read]).unwrap();
        output.flush().unwrap();
    }
}

/// Each file as its name, its length and its bytes.
fn pack(home: &str) {
    let mut names: Vec<_> = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let mut output = io::stdout().lock();
    if names.iter().any(|name| name == "packs-forever") {
        for_ever();
    }
    for name in &names {
        let content = fs::read(format!("{home}/{}", name.to_str().unwrap())).unwrap();
        writeln!(output, "{}\n{}", name.to_str().unwrap(), content.len()).unwrap();
        output.write_all(&content).unwrap();
    }
    eprintln!("state: {} files", names.len());
}

/// Until the container is killed.
fn for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

fn unpack(home: &str) {
    fs::create_dir(home).unwrap();
    let mut input = BufReader::new(io::stdin().lock());
    let mut files = 0;
    loop {
        let mut line = || {
            let mut line = String::new();
            input.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let (name, length) = (line(), line());
        if name.is_empty() {
            break;
        }
        let mut content = vec![0; length.parse().unwrap()];
        input.read_exact(&mut content).unwrap();
        fs::write(format!("{home}/{name}"), content).unwrap();
        files += 1;
        match name.as_str() {
            "unpacks-forever" => for_ever(),
            "full" => {
                eprintln!("No space left on device");
                std::process::exit(3);
            }
            "older" => {
                eprintln!("error: unrecognized subcommand 'unpack'\n\nFor more information, try '--help'.");
                std::process::exit(2);
            }
            "differs" => files += 1,
            _ => {}
        }
    }
    println!("state: {files} files");
}

fn run(kind: &str) {
    let (home, socket) = (option("--home"), socket());
    fs::create_dir_all(&home).unwrap();
    let count = fs::read_to_string(format!("{home}/starts")).unwrap_or_default().lines().count() + 1;
    fs::write(format!("{home}/starts"), "start\n".repeat(count)).unwrap();
    let _none = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).unwrap();
    for connection in listener.incoming().flatten() {
        let kind = kind.to_owned();
        std::thread::spawn(move || talk(connection, count, &kind));
    }
}

fn talk(mut connection: UnixStream, count: usize, kind: &str) {
    let lines = BufReader::new(connection.try_clone().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        let answer = match line.split_once(' ') {
            Some(("read", path)) => fs::read_to_string(path).map_err(|e| e.to_string()),
            Some(("write", path)) => {
                fs::write(path, "written").map(|()| "ok".into()).map_err(|e| e.to_string())
            }
            Some(("remove", path)) => fs::remove_file(path).map(|()| "ok".into()).map_err(|e| e.to_string()),
            _ => Ok(format!("{kind} {count}")),
        };
        let _gone = writeln!(connection, "{}", answer.unwrap_or_else(|e| format!("refused: {e}")));
    }
}
