//! What is to be sent: paths, and perhaps a text or what comes in at the standard input.

use std::path::{Path, PathBuf};

use airhatch_wire::path::check_name;
use airhatch_wire::{Code, Failure};

/// The word that stands for the standard input.
const DASH: &str = "-";

/// What a person wants sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Goods {
    /// Whole paths.
    pub(super) paths: Vec<PathBuf>,
    /// What is no file yet.
    pub(super) stream: Option<Streamed>,
}

/// Bytes that become a file on their way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Streamed {
    /// The file's name.
    pub(super) name: String,
    /// The bytes; those of the standard input when absent.
    pub(super) text: Option<String>,
}

impl Goods {
    /// As the command line says it, as far as this program can tell; the warden looks closer.
    ///
    /// # Errors
    /// What makes no sense, or is not there.
    pub(super) fn new(words: &[PathBuf], text: Option<&str>, name: Option<&str>) -> Result<Self, Failure> {
        let is_dash = |path: &&PathBuf| path.as_os_str() == DASH;
        let dashes = words.iter().filter(is_dash).count();
        let wrong = |message: &str, hint: &str| Err(Failure::new(Code::Invalid, message).hint(hint));
        if dashes + usize::from(text.is_some()) > 1 {
            return wrong(
                "the standard input and a text are not sent together, nor twice",
                "send them one by one",
            );
        }
        if text == Some("") {
            return wrong(
                "the text is empty",
                "write something after --text, or use - for the standard input",
            );
        }
        let usual = if text.is_some() { "message.txt" } else { "stdin" };
        let stream = match (dashes > 0 || text.is_some(), name) {
            (false, None) => None,
            (false, Some(_)) => {
                return wrong("there is nothing that --name could name", "it goes with - or --text");
            }
            (true, name) => {
                Some(Streamed { name: name.unwrap_or(usual).to_owned(), text: text.map(ToOwned::to_owned) })
            }
        };
        if let Some(stream) = &stream {
            check_name(&stream.name).map_err(|refused| {
                Failure::new(Code::BadName, refused.to_string()).hint("choose another --name")
            })?;
        }
        let paths =
            words.iter().filter(|path| !is_dash(path)).map(|path| whole(path)).collect::<Result<_, _>>()?;
        Ok(Self { paths, stream })
    }
}

/// The whole path of something that is there.
fn whole(path: &Path) -> Result<PathBuf, Failure> {
    let shown = path.display();
    let whole = std::path::absolute(path)
        .map_err(|e| Failure::new(Code::Invalid, format!("{shown} is no usable path: {e}")))?;
    std::fs::metadata(&whole).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Failure::new(Code::NotFound, format!("there is no file {shown}"))
            .hint("check the spelling; nothing was sent"),
        _ => Failure::new(Code::BadSource, format!("cannot look at {shown}: {e}")).hint("nothing was sent"),
    })?;
    Ok(whole)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::slice;

    use super::*;

    #[test]
    fn what_is_not_there_is_told_before_anything_starts() {
        let folder = tempfile::tempdir().unwrap();
        let goods = |path: &Path| Goods::new(&[path.to_owned()], None, None);
        assert_eq!(goods(&folder.path().join("none")).unwrap_err().code, Code::NotFound);
        assert_eq!(goods(folder.path()).unwrap().paths, [folder.path()]);
    }

    #[test]
    fn one_stream_goes_along_under_its_name() {
        let dash = PathBuf::from(DASH);
        let named = |words: &[PathBuf], text, name| {
            Goods::new(words, text, name)
                .map(|goods| goods.stream.unwrap().name)
                .map_err(|failure| failure.code)
        };
        assert_eq!(named(slice::from_ref(&dash), None, None), Ok("stdin".to_owned()));
        assert_eq!(named(slice::from_ref(&dash), None, Some("log.txt")), Ok("log.txt".to_owned()));
        assert_eq!(named(&[], Some("hello"), None), Ok("message.txt".to_owned()));
        for name in ["a/b", "..", "", "a\nb"] {
            assert_eq!(named(slice::from_ref(&dash), None, Some(name)), Err(Code::BadName), "{name:?}");
        }
        assert_eq!(named(&[dash.clone(), dash.clone()], None, None), Err(Code::Invalid));
        assert_eq!(named(&[dash], Some("hello"), None), Err(Code::Invalid));
        assert_eq!(named(&[], Some(""), None), Err(Code::Invalid));
        assert_eq!(Goods::new(&[], None, Some("x")).unwrap_err().code, Code::Invalid);
    }
}
