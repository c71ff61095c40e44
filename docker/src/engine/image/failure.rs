//! What can go wrong while an image is got, and what a person can do about it.

use std::io;
use std::path::PathBuf;

use airhatch_wire::{Code, Failure};
use bollard::errors::Error as ClientError;

use super::OURS;
use super::context::DOCKERFILE;
use crate::engine::failure::{EngineError, from_engine};
use crate::engine::name::ImageName;

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageError {
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The path does not begin at the root.
    #[error("{} is not a whole path", .0.display())]
    Relative(PathBuf),
    /// Nothing is there, or it cannot be opened.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder where a file should be, or the other way round.
    #[error("{} is not {wanted}", path.display())]
    Kind {
        /// The path.
        path: PathBuf,
        /// What it should be.
        wanted: &'static str,
    },
    /// No Dockerfile.
    #[error("{} does not hold the sources of Airhatch: there is no {DOCKERFILE} in it", .0.display())]
    NoSources(PathBuf),
    /// The folder holds accounts, whose files would go along.
    #[error("{} holds accounts of Airhatch, which are given to nobody", .0.display())]
    Accounts(PathBuf),
    /// Far more than our sources.
    #[error("the folder holds far more than the sources of Airhatch")]
    TooMuch,
    /// It is packed once more.
    #[error("the file is compressed")]
    Compressed,
    /// No saved image, or not all of one.
    #[error("the file is not a saved image, or a part of it is missing")]
    Garbage,
    /// Several at once.
    #[error("the file holds several images")]
    Several,
    /// An image of something else.
    #[error("this is not an image of the Airhatch agent")]
    Other,
    /// An agent of another version.
    #[error("this is the agent of version {}, and {OURS} is needed", or_none(.0))]
    Version(String),
    /// For other machines.
    #[error("this image is for another processor ({0})")]
    Processor(String),
    /// What agents run from has no name that could be given.
    #[error("{0} is not a name that can be given to an image")]
    Nameless(ImageName),
    /// Something had to be fetched.
    #[error("the build could not fetch what it needs from the network: {0}")]
    NoNetwork(String),
    /// Any other end of a build.
    #[error("the build failed: {0}")]
    Build(String),
    /// Somebody called it off.
    #[error("getting the image was called off")]
    Cancelled,
    /// Reading or passing on.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
}

fn or_none(version: &str) -> &str {
    if version.is_empty() { "unknown" } else { version }
}

/// Signs in the last lines of a build, in lower case, that the network was missing.
const NO_NETWORK: [&str; 12] = [
    "could not resolve host",
    "couldn't resolve host",
    "name resolution",
    "no such host",
    "network is unreachable",
    "dial tcp",
    "tls handshake timeout",
    "i/o timeout",
    "awaiting headers",
    "failed to download",
    "spurious network error",
    "download of config.json failed",
];

/// Reads what the client says about the end of the work, after these lines.
pub(super) fn read(error: ClientError, doing: &'static str, lines: &[String]) -> ImageError {
    let said = match &error {
        ClientError::DockerStreamError { error } => error.clone(),
        ClientError::DockerResponseServerError { message, .. } => message.clone(),
        ClientError::JsonDataError { .. } => return EngineError::from_client(doing)(error).into(),
        _ => return EngineError::Gone(doing).into(),
    };
    let everything = lines.iter().chain([&said]).map(|line| line.to_lowercase());
    let mut signs = everything.map(|line| {
        let full = ["no space left on device", "disk quota exceeded"].iter().any(|sign| line.contains(sign));
        (full, NO_NETWORK.iter().any(|sign| line.contains(sign)))
    });
    match signs.find(|signs| *signs != (false, false)) {
        Some((true, _)) => EngineError::DiskFull.into(),
        Some(_) => ImageError::NoNetwork(cause_of(&said, lines)),
        None if ["unexpected eof", "invalid tar", "archive/tar", "no such file", "manifest.json"]
            .iter()
            .any(|sign| doing.starts_with("loading") && said.to_lowercase().contains(sign)) =>
        {
            ImageError::Garbage
        }
        None if doing.starts_with("building") => ImageError::Build(cause_of(&said, lines)),
        None => EngineError::Refused { doing, said: shortened(&said) }.into(),
    }
}

/// The line that says most: the first error of the program that failed, else the engine's own word.
fn cause_of(said: &str, lines: &[String]) -> String {
    let cause = lines.iter().find(|line| line.to_lowercase().starts_with("error"));
    shortened(cause.map_or(said, String::as_str))
}

fn shortened(said: &str) -> String {
    said.chars().take(300).collect()
}

/// What a front is told.
pub(crate) fn from_image(error: ImageError) -> Failure {
    let code = match &error {
        ImageError::Engine(_) => return engine_failure(error),
        ImageError::Relative(_) | ImageError::Nameless(_) | ImageError::TooMuch => Code::Invalid,
        ImageError::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => Code::NotFound,
        ImageError::Accounts(_) => Code::NotPermitted,
        ImageError::Unreadable { .. }
        | ImageError::Kind { .. }
        | ImageError::NoSources(_)
        | ImageError::Compressed
        | ImageError::Garbage
        | ImageError::Several
        | ImageError::Other
        | ImageError::Version(_)
        | ImageError::Processor(_)
        | ImageError::Io(_) => Code::BadSource,
        ImageError::NoNetwork(_) | ImageError::Build(_) => Code::EngineUnavailable,
        ImageError::Cancelled => Code::Cancelled,
    };
    Failure::new(code, error.to_string()).hint(advice(&error))
}

fn engine_failure(error: ImageError) -> Failure {
    match error {
        ImageError::Engine(error) => from_engine(error),
        other => Failure::new(Code::Internal, other.to_string()),
    }
}

fn advice(error: &ImageError) -> String {
    match error {
        ImageError::Relative(_) => "name it by its whole path".to_owned(),
        ImageError::Unreadable { .. } => "check the spelling, and that you may read it".to_owned(),
        ImageError::Kind { .. } => {
            "load takes a file (docker save), build takes the folder of the sources".to_owned()
        }
        ImageError::NoSources(_) | ImageError::TooMuch => {
            format!("name the top folder of the sources of version {OURS}")
        }
        ImageError::Accounts(_) => "move the accounts or the sources elsewhere".to_owned(),
        ImageError::Compressed => "unpack it first, for example with gunzip".to_owned(),
        ImageError::Garbage => "get the file again and compare its size with the original".to_owned(),
        ImageError::Several => "save one image alone: docker save airhatch/agent -o FILE".to_owned(),
        ImageError::Other | ImageError::Version(_) | ImageError::Processor(_) => {
            format!("get the agent's image of version {OURS} for this machine, or build it from the sources")
        }
        ImageError::Nameless(_) => "start the warden with a name like airhatch/agent:1".to_owned(),
        ImageError::NoNetwork(_) => {
            "look at the network of this machine and try again, or load a saved image; a build \
                                     fetches compiler and libraries once"
                .to_owned()
        }
        ImageError::Build(_) => {
            format!("take unchanged sources of version {OURS}, or load a saved image instead")
        }
        ImageError::Io(_) => "try again; the disk may have a fault".to_owned(),
        ImageError::Engine(_) | ImageError::Cancelled => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(doing: &'static str, said: &str, lines: &[&str]) -> Failure {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        from_image(read(ClientError::DockerStreamError { error: said.to_owned() }, doing, &lines))
    }

    #[test]
    fn the_reason_of_a_failed_build_is_found_in_what_it_said() {
        let ended = "The command '/bin/sh -c cargo build' returned a non-zero code: 101";
        let cases: [(&[&str], Code, &str); 5] = [
            (
                &["Step 1/3", "error: failed to download `serde`", "[6] Could not resolve host"],
                Code::EngineUnavailable,
                "network",
            ),
            (
                &["error: failed to write", "No space left on device (os error 28)"],
                Code::DiskFull,
                "no space",
            ),
            (
                &["Compiling x", "error[E0425]: cannot find value", "error: aborting"],
                Code::EngineUnavailable,
                "E0425",
            ),
            (&["Compiling x"], Code::EngineUnavailable, "non-zero code"),
            (&[], Code::EngineUnavailable, "non-zero code"),
        ];
        for (lines, code, part) in cases {
            let failure = told("building the image", ended, lines);
            assert_eq!(failure.code, code, "{lines:?}");
            assert!(failure.message.shown().contains(part), "{failure}");
            assert!(!failure.hint.is_empty(), "{failure}");
        }
        let registry =
            "Get https://registry-1.docker.io/v2/: dial tcp: lookup registry-1.docker.io: no such host";
        assert!(told("building the image", registry, &[]).message.shown().contains("network"));
    }

    #[test]
    fn half_an_archive_is_told_apart_from_a_full_disk() {
        let loading = "loading the image";
        assert_eq!(told(loading, "unexpected EOF", &[]).code, Code::BadSource);
        assert_eq!(
            told(loading, "write /var/lib/docker/tmp/x: no space left on device", &[]).code,
            Code::DiskFull
        );
        assert_eq!(told(loading, "something new", &[]).code, Code::EngineUnavailable);
    }

    #[test]
    fn an_engine_that_goes_away_is_named() {
        let gone = read(ClientError::RequestTimeoutError, "building the image", &[]);
        assert!(matches!(gone, ImageError::Engine(EngineError::Gone("building the image"))), "{gone:?}");
    }
}
