//! `airhatch engine`: the container engine of this machine, and the image that agents run from.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use airhatch_wire::warden::{self, ImageSource};
use airhatch_wire::{Blob, Code, Failure, Untrusted};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::Context;
use super::exit::Stop;
use super::{human, json};
use crate::link::unexpected;

/// The engine, or its image.
#[derive(Debug, Args)]
pub(crate) struct Engine {
    /// What to do; without it, the engine is shown
    #[command(subcommand)]
    what: Option<What>,
}

/// What to do about the image.
#[derive(Debug, Subcommand)]
enum What {
    /// Build the image from the sources of this version
    Build {
        /// The top folder of the sources
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Load the image from a file, as `docker save` writes it
    Load {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

impl Engine {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let source = match &self.what {
            None => None,
            Some(What::Build { folder }) => Some(ImageSource::Sources(whole(folder)?)),
            Some(What::Load { file }) => Some(ImageSource::Archive(whole(file)?)),
        };
        let engine = match source {
            None => found(context).await?,
            Some(source) => {
                let told = |line: Untrusted<String>| context.out.talk(&line.shown());
                context.warden().prepare_image(source, told).await?
            }
        };
        context.out.data(object(&engine), &text(&engine))?;
        if let Err(missing) = &engine.image {
            context.out.talk(&missing.hint.shown());
        }
        Ok(())
    }
}

async fn found(context: &Context) -> Result<warden::Engine, Failure> {
    match context.warden().request(warden::Command::Engine).await? {
        warden::Reply::Engine(engine) => Ok(engine),
        _ => Err(unexpected()),
    }
}

/// The whole path, as the warden wants it; whether something is there, it says itself.
fn whole(path: &Path) -> Result<Blob, Failure> {
    let whole = std::path::absolute(path)
        .map_err(|e| Failure::new(Code::Invalid, format!("{} is no usable path: {e}", path.display())))?;
    Ok(Blob::from(whole.as_os_str().as_bytes().to_vec()))
}

fn object(engine: &warden::Engine) -> Value {
    json::object(
        "engine",
        json!({
            "product": engine.product.shown(),
            "socket": engine.socket.shown(),
            "rootless": engine.rootless,
            "image": engine.image.as_ref().ok().map(Untrusted::shown),
            "image_missing": engine.image.as_ref().err().map(json::failure),
        }),
    )
}

fn text(engine: &warden::Engine) -> String {
    let rights = if engine.rootless { "rootless: yours at most" } else { "root's" };
    let image = match &engine.image {
        Ok(image) => image.shown(),
        Err(missing) => format!("none: {}", missing.message.shown()),
    };
    human::facts(&[
        ("engine", engine.product.shown()),
        ("socket", engine.socket.shown()),
        ("rights", rights.to_owned()),
        ("image", image),
    ])
}
