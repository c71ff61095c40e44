//! The folder that an image is built from, packed for the engine: what `.dockerignore` leaves, and never an account.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

use super::ImageError;
use super::ignore::Ignore;
use crate::home::Home;

/// Where the Dockerfile is, from the top folder.
pub(super) const DOCKERFILE: &str = "docker/Dockerfile";

/// What is left out of a build.
const IGNORED: &str = ".dockerignore";

/// More than our sources will ever be, bytes and files.
const BYTES: u64 = 256 << 20;
const FILES: u64 = 20_000;

/// A folder of sources.
#[derive(Debug)]
pub(super) struct Context {
    folder: PathBuf,
    ignore: Ignore,
    /// The folder of this home's accounts, by device and number.
    accounts: Option<(u64, u64)>,
}

impl Context {
    /// Looks at a folder. Blocks.
    pub(super) fn open(path: &Path, home: &Home) -> Result<Self, ImageError> {
        if !path.is_absolute() {
            return Err(ImageError::Relative(path.to_owned()));
        }
        let folder = fs::canonicalize(path).map_err(unreadable(path))?;
        if !folder.is_dir() {
            return Err(ImageError::Kind { path: path.to_owned(), wanted: "a folder" });
        }
        if folder.starts_with(home.accounts()) {
            return Err(ImageError::Accounts(path.to_owned()));
        }
        if !folder.join(DOCKERFILE).is_file() {
            return Err(ImageError::NoSources(path.to_owned()));
        }
        let ignored = folder.join(IGNORED);
        let rules = match fs::read_to_string(&ignored) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
            rules => rules.map_err(unreadable(&ignored))?,
        };
        let accounts = fs::metadata(home.accounts()).ok().map(|found| (found.dev(), found.ino()));
        Ok(Self { folder, ignore: Ignore::parse(&rules), accounts })
    }

    /// Writes everything that is not left out. Blocks.
    pub(super) fn pack(self, to: &mut dyn Write) -> Result<(), ImageError> {
        let mut packer = Packer { context: &self, packed: Builder::new(to), bytes: 0, files: 0 };
        packer.folder(&mut Vec::new())?;
        Ok(packer.packed.finish()?)
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> ImageError {
    let path = path.to_owned();
    move |source| ImageError::Unreadable { path, source }
}

struct Packer<'a> {
    context: &'a Context,
    packed: Builder<&'a mut dyn Write>,
    bytes: u64,
    files: u64,
}

impl Packer<'_> {
    /// What is in a folder, by name, so that the same folder is always packed to the same bytes.
    fn folder(&mut self, parts: &mut Vec<OsString>) -> Result<(), ImageError> {
        let path = parts.iter().fold(self.context.folder.clone(), |path, part| path.join(part));
        let found = fs::symlink_metadata(&path).map_err(unreadable(&path))?;
        if self.context.accounts == Some((found.dev(), found.ino())) {
            return Err(ImageError::Accounts(self.context.folder.clone()));
        }
        let entries = fs::read_dir(&path).map_err(unreadable(&path))?;
        let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
        let mut names = names.collect::<io::Result<Vec<_>>>().map_err(unreadable(&path))?;
        names.sort();
        for name in names {
            parts.push(name);
            self.entry(parts)?;
            parts.pop();
        }
        Ok(())
    }

    fn entry(&mut self, parts: &mut Vec<OsString>) -> Result<(), ImageError> {
        let names: Vec<String> = parts.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let inside: PathBuf = parts.iter().collect();
        let is_dockerfile = Path::new(DOCKERFILE).starts_with(&inside);
        let left_out = self.context.ignore.leaves_out(&names) && !is_dockerfile;
        if left_out && !self.context.ignore.keeps_below(&names) {
            return Ok(());
        }
        let path = self.context.folder.join(&inside);
        let found = fs::symlink_metadata(&path).map_err(unreadable(&path))?;
        if found.is_dir() {
            if !left_out {
                self.begin(EntryType::Directory, &found, 0).and_then(|mut header| {
                    Ok(self.packed.append_data(&mut header, &inside, io::empty())?)
                })?;
            }
            self.folder(parts)
        } else if left_out {
            Ok(())
        } else if found.is_symlink() {
            let target = fs::read_link(&path).map_err(unreadable(&path))?;
            let mut header = self.begin(EntryType::Symlink, &found, 0)?;
            Ok(self.packed.append_link(&mut header, &inside, target)?)
        } else if found.is_file() {
            let file = File::open(&path).map_err(unreadable(&path))?;
            let mut header = self.begin(EntryType::Regular, &found, found.len())?;
            // As long as its header says, whoever writes to it meanwhile.
            let content = file.take(found.len()).chain(io::repeat(0)).take(found.len());
            Ok(self.packed.append_data(&mut header, &inside, content)?)
        } else {
            // Pipes, sockets and devices are no sources.
            Ok(())
        }
    }

    /// The head of an entry, counted.
    fn begin(&mut self, kind: EntryType, found: &fs::Metadata, size: u64) -> Result<Header, ImageError> {
        self.files += 1;
        self.bytes += size;
        if self.files > FILES || self.bytes > BYTES {
            return Err(ImageError::TooMuch);
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(found.mode() & 0o777);
        header.set_mtime(u64::try_from(found.mtime()).unwrap_or_default());
        Ok(header)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Ground {
        folder: tempfile::TempDir,
        home: Home,
    }

    fn ground(files: &[(&str, &str)]) -> Ground {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join("sources").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let root = folder.path().join("sources/home");
        let home = Home::open(&root, &root).unwrap();
        Ground { folder, home }
    }

    impl Ground {
        fn pack(&self) -> Result<BTreeMap<String, String>, ImageError> {
            let mut packed = Vec::new();
            Context::open(&self.folder.path().join("sources"), &self.home)?.pack(&mut packed)?;
            let mut files = BTreeMap::new();
            for entry in tar::Archive::new(packed.as_slice()).entries().unwrap() {
                let mut entry = entry.unwrap();
                let mut content = String::new();
                entry.read_to_string(&mut content).unwrap();
                files.insert(entry.path().unwrap().to_str().unwrap().to_owned(), content);
            }
            Ok(files)
        }
    }

    const RULES: (&str, &str) = (".dockerignore", "*\n!src/main.rs\n!agent\n**/target\n");

    #[test]
    fn what_is_left_out_is_not_packed_and_the_dockerfile_always_is() {
        let ground = ground(&[
            RULES,
            (DOCKERFILE, "FROM scratch"),
            ("src/main.rs", "main"),
            ("src/cli.rs", "cli"),
            ("agent/src/lib.rs", "lib"),
            ("agent/target/huge", "x"),
            ("target/debug/huge", "x"),
        ]);
        let packed = ground.pack().unwrap();
        let names: Vec<&str> = packed.keys().map(String::as_str).collect();
        let wanted =
            ["agent/", "agent/src/", "agent/src/lib.rs", "docker/", "docker/Dockerfile", "src/main.rs"];
        let wanted: Vec<&str> = wanted.map(|name| name.trim_end_matches('/')).to_vec();
        assert_eq!(names.iter().map(|name| name.trim_end_matches('/')).collect::<Vec<_>>(), wanted);
        assert_eq!(packed.get("src/main.rs").map(String::as_str), Some("main"));
    }

    #[test]
    fn accounts_are_never_packed() {
        let ground = ground(&[(DOCKERFILE, "FROM scratch")]);
        assert!(matches!(ground.pack(), Err(ImageError::Accounts(_))));
        let inside = Context::open(&ground.home.accounts(), &ground.home);
        assert!(matches!(inside, Err(ImageError::Accounts(_))));
    }

    #[test]
    fn what_is_no_folder_of_sources_is_told_before_anything_is_packed() {
        let ground = ground(&[("README", "")]);
        let file = ground.folder.path().join("sources/README");
        let open = |path: &Path| Context::open(path, &ground.home).unwrap_err();
        assert!(matches!(ground.pack(), Err(ImageError::NoSources(_))));
        assert!(matches!(open(&file), ImageError::Kind { .. }));
        assert!(matches!(open(Path::new("sources")), ImageError::Relative(_)));
        assert!(matches!(open(Path::new("/nowhere/at/all")), ImageError::Unreadable { .. }));
    }
}
