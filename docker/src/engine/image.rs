//! Getting the image that agents run from: built from this version's sources, or loaded from a file that an engine saved.
//!
//! What comes out is looked at before it gets the name that agents run by, and is removed again when it is anything else
//! than the agent of this version. Names in a file never reach the engine. Called for one command; must never know who
//! asks, nor whether they may.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use airhatch_wire::warden;
use bollard::Docker;
use bollard::errors::Error as ClientError;
use bollard::models::BuildInfo;
use bollard::query_parameters::{
    BuildImageOptionsBuilder, ImportImageOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::EngineRuntime;
use super::failure::{EngineError, is_missing};
use super::find::Engine;
use super::name::ImageName;
use crate::home::Home;

mod archive;
mod context;
mod failure;
mod feed;
mod ignore;
mod line;

pub(crate) use failure::{ImageError, from_image};

use archive::Archive;
use context::Context;

/// The label that says what an image of ours is, and its value for the agent.
const KIND: (&str, &str) = ("airhatch.image", "agent");

/// The label with an image's version.
const VERSION: &str = "org.opencontainers.image.version";

/// The version of this warden, whose agents it starts.
const OURS: &str = env!("CARGO_PKG_VERSION");

/// How long the engine may take to begin its answer: it reads all it is given first.
const PATIENCE: Duration = Duration::from_secs(600);

/// How many of the last lines are searched for the reason of a failure.
const REMEMBERED: usize = 60;

/// The longest line that is waited for the end of, bytes.
const LONGEST: usize = 1 << 14;

/// What an image is made of.
#[derive(Debug)]
pub(crate) enum Material {
    /// A file that an engine saved it in.
    Archive(PathBuf),
    /// A folder of sources.
    Sources(PathBuf),
}

impl EngineRuntime {
    /// Gets the image, and tells what the engine says meanwhile. Dropped before its end, it calls the work off.
    pub(crate) async fn prepare(
        &self,
        material: Material,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<warden::Engine, ImageError> {
        let engine = self.engine().await?;
        let name = Tag::of(&self.image)?;
        let client = engine.client.clone().with_timeout(PATIENCE);
        let mut said = Said::new(tell);
        let id = match material {
            Material::Archive(path) => load(&client, path, &mut said).await?,
            Material::Sources(path) => build(&client, path, self.home.clone(), &mut said).await?,
        };
        name.give(engine, &id).await?;
        tracing::info!(image = %self.image, %id, "an image is ready");
        Ok(self.report().await?)
    }
}

/// Loads a saved image and gives its id.
async fn load(client: &Docker, path: PathBuf, said: &mut Said<'_>) -> Result<ImageName, ImageError> {
    let archive = blocking(move || Archive::open(&path)).await?;
    archive.labels().must_be_ours()?;
    let expected = archive.id();
    let (feed, packing) = feed::begin(move |to: &mut dyn Write| archive.repack(to).map_err(ImageError::from));
    let options = ImportImageOptionsBuilder::new().build();
    let loading = client.import_image_stream(options, feed, None);
    let outcome = follow(loading, "loading the image", said, packing).await?;
    // Engines that keep images in another way name them in another way too.
    let id = outcome.and_then(loaded_id).or(expected).ok_or(ImageError::Garbage)?;
    ImageName::try_from(id).map_err(|_| ImageError::Garbage)
}

/// The id in `Loaded image ID: sha256:…`.
fn loaded_id(line: String) -> Option<String> {
    line.split_whitespace().last().filter(|id| id.starts_with("sha256:")).map(str::to_owned)
}

/// Builds the sources and gives the image's id.
async fn build(
    client: &Docker,
    path: PathBuf,
    home: Home,
    said: &mut Said<'_>,
) -> Result<ImageName, ImageError> {
    let context = blocking(move || Context::open(&path, &home)).await?;
    let options = BuildImageOptionsBuilder::new()
        .dockerfile(context::DOCKERFILE)
        .target(KIND.1)
        .buildargs(&HashMap::from([("VERSION", OURS)]))
        .rm(true)
        .forcerm(true)
        .build();
    let (feed, packing) = feed::begin(move |to: &mut dyn Write| context.pack(to));
    let building = client.build_image(options, None, Some(bollard::body_try_stream(feed)));
    let id = follow(building, "building the image", said, packing).await?;
    let id = id.filter(|id| id.starts_with("sha256:")).ok_or(EngineError::Gone("building the image"))?;
    ImageName::try_from(id).map_err(|_| ImageError::Garbage)
}

/// Follows what the engine says to its end; the id, or the last line where none is given. What went wrong on our side
/// explains what the engine then says.
async fn follow(
    words: impl Stream<Item = Result<BuildInfo, ClientError>>,
    doing: &'static str,
    said: &mut Said<'_>,
    packing: feed::Packing,
) -> Result<Option<String>, ImageError> {
    tokio::pin!(words);
    let (mut id, mut trouble) = (None, None);
    while let Some(word) = words.next().await {
        match word {
            Ok(word) => {
                let made = word.aux.and_then(|aux| aux.id);
                said.hear(&word.stream.unwrap_or_default());
                // Has no end of a line of its own.
                said.hear(&word.status.map(|status| status + "\n").unwrap_or_default());
                id = made.or(id);
            }
            Err(error) => {
                said.hear("\n");
                trouble = Some(failure::read(error, doing, said.last.make_contiguous()));
                break;
            }
        }
    }
    said.hear("\n");
    let packed = match packing.ended().await {
        // The engine had all it wanted, or has said why it wants no more.
        Err(ImageError::Io(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        packed => packed,
    };
    packed.and(trouble.map_or(Ok(()), Err))?;
    Ok(id.or_else(|| said.last.back().cloned()))
}

/// What the engine says, told on and remembered for a while.
struct Said<'a> {
    tell: &'a mut (dyn FnMut(&str) + Send),
    last: VecDeque<String>,
    /// The beginning of a line: engines tell in pieces.
    begun: String,
}

impl<'a> Said<'a> {
    fn new(tell: &'a mut (dyn FnMut(&str) + Send)) -> Self {
        Self { tell, last: VecDeque::new(), begun: String::new() }
    }

    /// The next piece; every line that ends in it is told.
    fn hear(&mut self, text: &str) {
        for piece in text.split_inclusive(['\n', '\r']) {
            self.begun.push_str(piece);
            if piece.ends_with(['\n', '\r']) || self.begun.len() > LONGEST {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let Some(line) = line::plain(&std::mem::take(&mut self.begun)) else { return };
        (self.tell)(&line);
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }
}

/// What an image says about itself.
#[derive(Clone, Debug, Default)]
struct Labels(HashMap<String, String>);

impl Labels {
    fn must_be_ours(&self) -> Result<(), ImageError> {
        if self.0.get(KIND.0).map(String::as_str) != Some(KIND.1) {
            return Err(ImageError::Other);
        }
        match self.0.get(VERSION) {
            Some(version) if version == OURS => Ok(()),
            version => Err(ImageError::Version(version.cloned().unwrap_or_default())),
        }
    }
}

/// The name that agents run by, in the two parts that the engine takes.
struct Tag<'a> {
    repository: &'a str,
    tag: &'a str,
}

impl<'a> Tag<'a> {
    fn of(name: &'a ImageName) -> Result<Self, ImageError> {
        let parts = name.as_str().rsplit_once(':').filter(|(repository, tag)| {
            !tag.contains('/') && !repository.contains('@') && !repository.starts_with("sha256")
        });
        let (repository, tag) = parts.ok_or_else(|| ImageError::Nameless(name.clone()))?;
        Ok(Self { repository, tag })
    }

    /// Gives the name to an image of ours; any other is removed, unless somebody else has a name for it.
    async fn give(&self, engine: &Engine, id: &ImageName) -> Result<(), ImageError> {
        let looking = "looking at the image";
        let found = match engine.client.inspect_image(id.as_str()).await {
            Err(error) if is_missing(&error) => return Err(ImageError::Garbage),
            found => found.map_err(EngineError::from_client(looking))?,
        };
        let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
        let processor = engine.client.version().await.map_err(EngineError::from_client(looking))?.arch;
        let fits = match (&found.architecture, &processor) {
            (Some(image), Some(engine)) if image != engine => Err(ImageError::Processor(image.clone())),
            _ => Ok(()),
        };
        if let Err(refused) = Labels(labels).must_be_ours().and(fits) {
            if found.repo_tags.unwrap_or_default().is_empty() {
                let options = RemoveImageOptionsBuilder::new().build();
                if let Err(e) = engine.client.remove_image(id.as_str(), Some(options), None).await {
                    tracing::warn!("an image that was refused is left on the engine: {e}");
                }
            }
            return Err(refused);
        }
        let options = TagImageOptionsBuilder::new().repo(self.repository).tag(self.tag).build();
        let tagged = engine.client.tag_image(id.as_str(), Some(options)).await;
        Ok(tagged.map_err(EngineError::from_client("naming the image"))?)
    }
}

/// Runs work that waits for the file system beside everything else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImageError> + Send + 'static,
) -> Result<T, ImageError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(io::Error::other(e).into()))
}

/// A piece of what is given to the engine.
type Piece = Result<Bytes, io::Error>;

#[cfg(test)]
mod tests;
