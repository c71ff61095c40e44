//! The images of this source tree, built as users build them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{Engine, said};

/// One of the Dockerfile's targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// `airhatch/agent`
    Agent,
    /// `airhatch/ca`
    Authority,
}

impl Image {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Agent, Self::Authority];

    /// The program that is in it.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Agent => "airhatch-agent",
            Self::Authority => "airhatch-ca",
        }
    }

    /// What it is called on the engine.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Agent => concat!("airhatch/agent:", env!("CARGO_PKG_VERSION")),
            Self::Authority => concat!("airhatch/ca:", env!("CARGO_PKG_VERSION")),
        }
    }
}

impl Engine {
    /// The tag of an image of this very source tree. The first call of a process builds both images; that takes minutes
    /// where the engine has no layers of them. With `AIRHATCH_TEST_IMAGES=as-they-are` those that are there are taken.
    pub fn image(&self, image: Image) -> &'static str {
        static BUILT: OnceLock<()> = OnceLock::new();
        BUILT.get_or_init(|| {
            if std::env::var("AIRHATCH_TEST_IMAGES").is_ok_and(|value| value == "as-they-are") {
                return;
            }
            let root = root_folder();
            // Where no registry can be reached, the Dockerfile's base image is a stand-in.
            said(Command::new(root.join("tests/stand-in/rust-image.sh")).current_dir(&root));
            said(Command::new("make").arg("images").current_dir(&root));
        });
        image.tag()
    }
}

/// The top folder of the source tree.
///
/// # Panics
/// When the tests were built elsewhere.
#[must_use]
pub fn root_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
