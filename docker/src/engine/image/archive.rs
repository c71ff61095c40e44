//! A file that an engine saved an image in. It is looked at before the engine sees it, and passed on with nothing but the
//! image itself: the names that it would give, to this image and to others, are left out, and so is everything else.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use serde::Deserialize;
use serde_json::json;
use tar::{Builder, EntryType, Header};

use super::{ImageError, Labels};

/// The list of what is in the file.
const MANIFEST: &str = "manifest.json";

/// The longest list and the longest description of an image that are read, bytes.
const TEXT: u64 = 1 << 20;

/// The most files in it: an image of ours has one layer.
const FILES: usize = 4096;

/// What compressed files begin with: gzip, zstd, xz, bzip2.
const COMPRESSED: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh"];

/// One saved image.
#[derive(Debug)]
pub(super) struct Archive {
    file: File,
    config: Vec<u8>,
    labels: Labels,
    id: Option<String>,
    layers: Vec<Part>,
}

/// Where a file lies in the archive.
#[derive(Clone, Copy, Debug)]
struct Part {
    at: u64,
    size: u64,
}

/// An entry of the list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    config: String,
    layers: Vec<String>,
}

/// The description of an image, as far as it matters here.
#[derive(Deserialize)]
struct Description {
    config: Option<Settings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    labels: Option<HashMap<String, String>>,
}

impl Archive {
    /// Opens a file and reads what is in it. Blocks.
    pub(super) fn open(path: &Path) -> Result<Self, ImageError> {
        let mut file = plain_file(path)?;
        let mut first = Vec::new();
        (&mut file).take(8).read_to_end(&mut first)?;
        if COMPRESSED.iter().any(|sign| first.starts_with(sign)) {
            return Err(ImageError::Compressed);
        }
        file.rewind()?;
        let parts = parts(&file)?;
        let find = |name: &str| parts.get(name).copied().ok_or(ImageError::Garbage);
        let manifest = text(&mut file, find(MANIFEST)?)?;
        let listed: Vec<Listed> = serde_json::from_slice(&manifest).map_err(|_| ImageError::Garbage)?;
        let [listed] = <[Listed; 1]>::try_from(listed)
            .map_err(|all| if all.is_empty() { ImageError::Garbage } else { ImageError::Several })?;
        let config = text(&mut file, find(&listed.config)?)?;
        let description: Description = serde_json::from_slice(&config).map_err(|_| ImageError::Garbage)?;
        let labels = description.config.and_then(|settings| settings.labels).unwrap_or_default();
        let layers = listed.layers.iter().map(|name| find(name)).collect::<Result<_, _>>()?;
        Ok(Self { file, config, labels: Labels(labels), id: id_of(&listed.config), layers })
    }

    /// What the image says about itself.
    pub(super) const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// What most engines will call it; the engine looks whether this is true.
    pub(super) fn id(&self) -> Option<String> {
        self.id.clone()
    }

    /// Writes an archive with this image alone, nameless. Blocks.
    pub(super) fn repack(mut self, to: &mut dyn Write) -> io::Result<()> {
        let names: Vec<String> = (0..self.layers.len()).map(|number| format!("layer-{number}.tar")).collect();
        let manifest = json!([{ "Config": "config.json", "RepoTags": null, "Layers": names }]).to_string();
        let mut packed = Builder::new(to);
        append(&mut packed, MANIFEST, manifest.len(), manifest.as_bytes())?;
        append(&mut packed, "config.json", self.config.len(), self.config.as_slice())?;
        for (name, part) in names.iter().zip(&self.layers) {
            self.file.seek(SeekFrom::Start(part.at))?;
            let mut content = Whole { content: (&mut self.file).take(part.size) };
            packed.append_data(&mut header(part.size), name, &mut content)?;
        }
        packed.finish()
    }
}

/// The hexadecimal part of `<id>.json` or `blobs/sha256/<id>`.
fn id_of(name: &str) -> Option<String> {
    let last = name.rsplit('/').next().unwrap_or_default();
    let digits = last.strip_suffix(".json").unwrap_or(last);
    let is_id = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_id.then(|| format!("sha256:{digits}"))
}

fn plain_file(path: &Path) -> Result<File, ImageError> {
    if !path.is_absolute() {
        return Err(ImageError::Relative(path.to_owned()));
    }
    let unreadable = |source| ImageError::Unreadable { path: path.to_owned(), source };
    // Not blocking: a pipe would be waited for.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_file() {
        Ok(file)
    } else {
        Err(ImageError::Kind { path: path.to_owned(), wanted: "a plain file" })
    }
}

/// Every plain file in it, by name; the last one of a name counts.
fn parts(file: &File) -> Result<HashMap<String, Part>, ImageError> {
    let mut archive = tar::Archive::new(file);
    let mut parts = HashMap::new();
    for entry in archive.entries_with_seek()? {
        // Whatever cannot be read is no archive; a disk with a fault says the same.
        let entry = entry.map_err(|_| ImageError::Garbage)?;
        if parts.len() >= FILES {
            return Err(ImageError::Garbage);
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if entry.header().entry_type() == EntryType::Regular {
            let part = Part { at: entry.raw_file_position(), size: entry.size() };
            parts.insert(name.trim_start_matches("./").to_owned(), part);
        }
    }
    Ok(parts)
}

fn text(file: &mut File, part: Part) -> Result<Vec<u8>, ImageError> {
    if part.size > TEXT {
        return Err(ImageError::Garbage);
    }
    file.seek(SeekFrom::Start(part.at))?;
    let mut text = Vec::new();
    file.take(part.size).read_to_end(&mut text)?;
    if text.len() as u64 == part.size { Ok(text) } else { Err(ImageError::Garbage) }
}

fn append(packed: &mut Builder<&mut dyn Write>, name: &str, size: usize, content: &[u8]) -> io::Result<()> {
    packed.append_data(&mut header(size as u64), name, content)
}

fn header(size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(EntryType::Regular);
    header
}

/// A file's part that must be there to its end.
struct Whole<'a> {
    content: io::Take<&'a mut File>,
}

impl Read for Whole<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.content.limit() > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests;
