//! `airhatch-agent pack` and `unpack`: an account's state as one stream, from one place where agents run to another. A
//! warden joins the two and compares what they say at the end; it never reads the stream itself.
//!
//! The stream is a tar archive of plain files and folders. The packing side may be an agent's container, so unpacking
//! believes nothing of it: no links, no devices, no names that lead elsewhere, nothing that is there already.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::FlockOperation;
use tar::{Archive, Builder, EntryType, Header};

mod tally;
use tally::{Counting, Tally};

/// Where an agent's folder has the lock of the agent that runs.
const LOCK: &str = "state/lock";

/// The exit code of a move that met a full disk; every other failure is 1.
pub const FULL: u8 = 3;

/// The options of both commands.
#[derive(Clone, Debug, clap::Args)]
pub struct MovingArgs {
    /// The agent's own folder
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
}

/// Writes everything in the agent's folder to standard output and, at the end, what it was to standard error. No agent
/// may run meanwhile. A folder that is not there is an empty one.
///
/// # Errors
/// The exit code and what happened.
pub fn run_pack(args: &MovingArgs) -> Result<(), (u8, String)> {
    let output = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let tally = lock(&args.home).and_then(|_lock| pack(&args.home, output)).map_err(told)?;
    writeln!(io::stderr(), "{tally}").map_err(told)
}

/// Makes the agent's folder, which must not be there or be empty, from standard input; makes it durable, reads it again
/// and says on standard output what it is.
///
/// # Errors
/// The exit code and what happened; what was made stays, to be removed by the caller.
pub fn run_unpack(args: &MovingArgs) -> Result<(), (u8, String)> {
    let tally = unpack(&args.home, io::stdin().lock()).map_err(told)?;
    writeln!(io::stdout(), "{tally}").map_err(told)
}

fn told(error: io::Error) -> (u8, String) {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    (if full { FULL } else { 1 }, error.to_string())
}

/// The lock of the account's agent, held by nobody else; `None` where no agent has run yet.
fn lock(home: &Path) -> io::Result<Option<File>> {
    let path = home.join(LOCK);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(at(&path))?,
    };
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| io::Error::other("an agent of this account is running; stop it first"))?;
    Ok(Some(file))
}

fn pack(home: &Path, output: impl Write) -> io::Result<Tally> {
    let mut archive = Builder::new(output);
    let mut tally = Tally::default();
    for Found { path, size } in walk(home)? {
        let mut header = Header::new_gnu();
        header.set_mode(0o600);
        match size {
            None => {
                header.set_entry_type(EntryType::Directory);
                header.set_size(0);
                archive.append_data(&mut header, &path, io::empty())?;
                tally.folder(&path);
            }
            Some(size) => {
                header.set_size(size);
                let full = home.join(&path);
                let mut content = Counting::new(File::open(&full).map_err(at(&full))?.take(size));
                archive.append_data(&mut header, &path, &mut content)?;
                if content.seen() != size {
                    return Err(at(&full)(io::Error::other("it shrank while it was packed")));
                }
                tally.file(&path, content);
            }
        }
    }
    archive.into_inner()?.flush()?;
    Ok(tally)
}

fn unpack(home: &Path, input: impl Read) -> io::Result<Tally> {
    make_empty(home)?;
    let mut archive = Archive::new(input);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = plain(&entry.path()?)?;
        let target = home.join(&path);
        match entry.header().entry_type() {
            EntryType::Directory => private_folder(&target).map_err(at(&target))?,
            EntryType::Regular => {
                let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&target);
                let mut file = file.map_err(at(&target))?;
                let size = entry.size();
                if io::copy(&mut entry, &mut file).map_err(at(&target))? != size {
                    return Err(at(&target)(io::ErrorKind::UnexpectedEof.into()));
                }
                file.sync_all().map_err(at(&target))?;
            }
            _ => return Err(at(&target)(io::Error::other("neither a plain file nor a folder"))),
        }
    }
    survey(home)
}

/// What is in a folder, read from it again; its folders are made durable on the way.
fn survey(home: &Path) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for Found { path, size } in walk(home)? {
        let full = home.join(&path);
        let file = File::open(&full).map_err(at(&full))?;
        if size.is_none() {
            file.sync_all().map_err(at(&full))?;
            tally.folder(&path);
        } else {
            let mut content = Counting::new(file);
            io::copy(&mut content, &mut io::sink()).map_err(at(&full))?;
            tally.file(&path, content);
        }
    }
    File::open(home).and_then(|folder| folder.sync_all()).map_err(at(home))?;
    if let Some(parent) = home.parent() {
        File::open(parent).and_then(|folder| folder.sync_all()).map_err(at(parent))?;
    }
    Ok(tally)
}

/// One thing below a folder: its path from there, and its bytes if it is a file.
struct Found {
    path: PathBuf,
    size: Option<u64>,
}

/// Everything below a folder, sorted by path, so that folders come before what is in them.
fn walk(home: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    match walk_into(home, Path::new(""), &mut found) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && found.is_empty() => {}
        walked => walked?,
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk_into(home: &Path, below: &Path, found: &mut Vec<Found>) -> io::Result<()> {
    let folder = home.join(below);
    for entry in fs::read_dir(&folder).map_err(at(&folder))? {
        let entry = entry.map_err(at(&folder))?;
        let path = below.join(entry.file_name());
        let metadata = entry.metadata().map_err(at(&entry.path()))?;
        if metadata.is_dir() {
            found.push(Found { path: path.clone(), size: None });
            walk_into(home, &path, found)?;
        } else if metadata.is_file() {
            found.push(Found { path, size: Some(metadata.len()) });
        } else {
            return Err(at(&entry.path())(io::Error::other("neither a plain file nor a folder")));
        }
    }
    Ok(())
}

/// A path that leads down and nowhere else.
fn plain(path: &Path) -> io::Result<PathBuf> {
    let leads_down = path.components().all(|component| matches!(component, Component::Normal(_)));
    if leads_down && path.components().next().is_some() {
        return Ok(path.components().collect());
    }
    Err(io::Error::other(format!("the stream names {path:?}, which leads elsewhere")))
}

fn make_empty(home: &Path) -> io::Result<()> {
    match private_folder(home) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map_err(at(home)),
    }
    let there = fs::symlink_metadata(home).map_err(at(home))?;
    if there.is_dir() && fs::read_dir(home).map_err(at(home))?.next().is_none() {
        return Ok(());
    }
    Err(at(home)(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "it is there already, and not an empty folder",
    )))
}

fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// The same error, saying where.
fn at(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
