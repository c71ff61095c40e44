//! How a word becomes bytes: `u32 length (big endian) | bincode 2`. The only file that names bincode.
//!
//! Lengths are checked against the protocol's limit before anything is allocated, inside the body too. The first
//! frame each way is an [`Opening`], written by hand so that it never changes with anything else.

use std::marker::PhantomData;

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bytes::{Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

/// The largest body of any message, bytes; each protocol names its own, lower or equal limit.
pub const LARGEST_MESSAGE: usize = 1 << 20;

/// What can be wrong with bytes that should be a word.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The connection broke or ended inside a frame.
    #[error("the connection ended: {0}")]
    Io(#[from] std::io::Error),
    /// A frame announced more bytes than its protocol allows.
    #[error("a message is larger than the {limit} bytes that its protocol allows")]
    TooLarge {
        /// The protocol's limit, bytes.
        limit: usize,
    },
    /// The body is not a message of this protocol.
    #[error("a message cannot be read")]
    Unreadable,
    /// The first frame is not an opening, or one of another protocol.
    #[error("the other side does not speak the {expected:?} protocol")]
    NotThisProtocol {
        /// What was expected here.
        expected: Protocol,
    },
    /// The other side speaks another version.
    #[error(
        "the other side speaks version {theirs} of the {protocol:?} protocol, this program version {ours}"
    )]
    Version {
        /// The protocol in question.
        protocol: Protocol,
        /// The version of this program.
        ours: u16,
        /// The version of the other side.
        theirs: u16,
    },
    /// Nothing came in time.
    #[error("the other side did not answer in time")]
    Silence,
}

/// The four conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Protocol {
    /// Front and agent.
    Control = 1,
    /// Front and warden.
    Warden = 2,
    /// Agent and agent.
    Peer = 3,
    /// Agent and CA.
    Authority = 4,
}

/// Which conversation a message type belongs to. A type that is only ever sent by one side has one direction.
pub trait Word: Serialize + DeserializeOwned {
    /// The conversation.
    const PROTOCOL: Protocol;
    /// Its version; raised with every change that an older program cannot read.
    const VERSION: u16;
    /// The largest body, bytes.
    const LIMIT: usize;
}

/// The first frame each way, always 12 bytes: `airhatch`, protocol, kind, version (big endian).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The conversation wanted.
    pub protocol: u8,
    /// False for a refusal: "this is what I speak instead".
    pub welcome: bool,
    /// The version spoken.
    pub version: u16,
}

const MAGIC: &[u8; 8] = b"airhatch";

impl Opening {
    /// The opening that a speaker of `W` sends.
    #[must_use]
    pub const fn of<W: Word>() -> Self {
        Self { protocol: W::PROTOCOL as u8, welcome: true, version: W::VERSION }
    }

    /// The answer to somebody with another protocol or version.
    #[must_use]
    pub const fn refusal<W: Word>() -> Self {
        Self { welcome: false, ..Self::of::<W>() }
    }

    /// The 12 bytes.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([self.protocol, u8::from(self.welcome)]);
        bytes.extend(self.version.to_be_bytes());
        bytes
    }

    /// Reads what [`Opening::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.strip_prefix(MAGIC)? {
            [protocol, kind @ (0 | 1), high, low] => Some(Self {
                protocol: *protocol,
                welcome: *kind == 1,
                version: u16::from_be_bytes([*high, *low]),
            }),
            _ => None,
        }
    }

    /// Checks an opening that arrived against what this program speaks.
    ///
    /// # Errors
    /// [`FrameError::NotThisProtocol`] and [`FrameError::Version`].
    pub fn check<W: Word>(bytes: &[u8]) -> Result<(), FrameError> {
        let theirs = Self::from_bytes(bytes)
            .filter(|opening| opening.protocol == W::PROTOCOL as u8)
            .ok_or(FrameError::NotThisProtocol { expected: W::PROTOCOL })?;
        if theirs.welcome && theirs.version == W::VERSION {
            return Ok(());
        }
        Err(FrameError::Version { protocol: W::PROTOCOL, ours: W::VERSION, theirs: theirs.version })
    }
}

type Config = Configuration<LittleEndian, Varint, Limit<LARGEST_MESSAGE>>;

const fn config() -> Config {
    bincode::config::standard().with_limit::<LARGEST_MESSAGE>()
}

/// The bytes of a value, without a length in front. The same value always gives the same bytes, so they can be signed.
///
/// # Errors
/// [`FrameError::TooLarge`] when it does not fit in [`LARGEST_MESSAGE`].
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, FrameError> {
    let bytes = bincode::serde::encode_to_vec(value, config())
        .map_err(|_| FrameError::TooLarge { limit: LARGEST_MESSAGE })?;
    if bytes.len() > LARGEST_MESSAGE {
        return Err(FrameError::TooLarge { limit: LARGEST_MESSAGE });
    }
    Ok(bytes)
}

/// Reads what [`to_bytes`] wrote; every byte must be used.
///
/// # Errors
/// [`FrameError::Unreadable`] for anything else, whatever lengths it claims.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
    match bincode::serde::decode_from_slice(bytes, config()) {
        Ok((value, used)) if used == bytes.len() => Ok(value),
        _ => Err(FrameError::Unreadable),
    }
}

/// Splits a stream into frames and frames into words: sends `Out`, receives `In`. Holds no I/O.
pub struct WordCodec<Out, In> {
    frames: LengthDelimitedCodec,
    limit: usize,
    words: PhantomData<fn(Out) -> In>,
}

impl<Out: Word, In: Word> Default for WordCodec<Out, In> {
    fn default() -> Self {
        Self { frames: raw_frames(In::LIMIT), limit: In::LIMIT, words: PhantomData }
    }
}

/// Frames without words in them: for the openings and for sealed bytes. `limit` is the largest body, bytes.
#[must_use]
pub fn raw_frames(limit: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().length_field_type::<u32>().max_frame_length(limit).new_codec()
}

impl<Out: Word, In: Word> Encoder<&Out> for WordCodec<Out, In> {
    type Error = FrameError;

    fn encode(&mut self, word: &Out, target: &mut BytesMut) -> Result<(), FrameError> {
        let body = to_bytes(word)?;
        if body.len() > Out::LIMIT {
            return Err(FrameError::TooLarge { limit: Out::LIMIT });
        }
        let mut frames = raw_frames(Out::LIMIT);
        frames.encode(Bytes::from(body), target).map_err(FrameError::Io)
    }
}

impl<Out: Word, In: Word> Decoder for WordCodec<Out, In> {
    type Item = In;
    type Error = FrameError;

    fn decode(&mut self, source: &mut BytesMut) -> Result<Option<In>, FrameError> {
        match self.frames.decode(source) {
            Ok(Some(body)) => from_bytes(&body).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error_of(error, self.limit)),
        }
    }
}

/// What the frame decoder meant: it has no error of its own for a frame that is too large.
pub(crate) fn error_of(error: std::io::Error, limit: usize) -> FrameError {
    if error.kind() == std::io::ErrorKind::InvalidData {
        FrameError::TooLarge { limit }
    } else {
        FrameError::Io(error)
    }
}
