//! One conversation over one stream: the opening exchange, then words each way.
//!
//! Used by every program that has a stream in its hands; the stream may be a socket, a TLS session or a test's pipe.

use std::marker::PhantomData;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use crate::frame::{self, FrameError, Opening, Word};

/// How long the other side may take for its opening.
pub const OPENING_TIME: Duration = Duration::from_secs(10);

const OPENING_FRAME: usize = 4 + 12;

type Frames<S> = Framed<S, LengthDelimitedCodec>;

/// A conversation that sends `Out` and receives `In`.
pub struct Link<S, Out, In> {
    frames: Frames<S>,
    words: PhantomData<fn(Out) -> In>,
}

/// The sending half of a [`Link`].
pub struct LinkWriter<S, Out, In>(SplitSink<Frames<S>, Bytes>, PhantomData<fn(Out) -> In>);

/// The receiving half of a [`Link`].
pub struct LinkReader<S, Out, In>(SplitStream<Frames<S>>, PhantomData<fn(Out) -> In>);

impl<S: AsyncRead + AsyncWrite + Unpin, Out: Word, In: Word> Link<S, Out, In> {
    /// Begins a conversation as the side that called.
    ///
    /// # Errors
    /// When the stream ends, the other side is silent for [`OPENING_TIME`], or speaks something else.
    pub async fn open(mut stream: S) -> Result<Self, FrameError> {
        in_time(async {
            send_opening(&mut stream, Opening::of::<Out>()).await?;
            let answer = receive_opening::<S, In>(&mut stream).await?;
            Opening::check::<In>(&answer)
        })
        .await?;
        Ok(Self::begun(stream))
    }

    /// Begins a conversation as the side that was called; somebody with another version is told ours.
    ///
    /// # Errors
    /// As [`Link::open`].
    pub async fn answer(mut stream: S) -> Result<Self, FrameError> {
        in_time(async {
            let theirs = receive_opening::<S, In>(&mut stream).await?;
            if let Err(reason) = Opening::check::<In>(&theirs) {
                send_opening(&mut stream, Opening::refusal::<Out>()).await?;
                stream.shutdown().await?;
                return Err(reason);
            }
            send_opening(&mut stream, Opening::of::<Out>()).await
        })
        .await?;
        Ok(Self::begun(stream))
    }

    fn begun(stream: S) -> Self {
        Self { frames: Framed::new(stream, frame::raw_frames(In::LIMIT)), words: PhantomData }
    }

    /// Sends one word and waits until it has left this process.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`] before anything is sent; [`FrameError::Io`].
    pub async fn send(&mut self, word: &Out) -> Result<(), FrameError> {
        Ok(self.frames.send(body_of(word)?).await?)
    }

    /// The next word; `None` when the other side closed between two words. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`] and [`FrameError::Unreadable`] for bytes that are no word of this conversation.
    pub async fn receive(&mut self) -> Result<Option<In>, FrameError> {
        word_of(self.frames.next().await)
    }

    /// From here on frames of up to `limit` bytes are taken, for [`Link::receive_raw`]; 0 means words again.
    pub fn expect_raw(&mut self, limit: usize) {
        self.frames.codec_mut().set_max_frame_length(limit.max(In::LIMIT));
    }

    /// Sends a frame that is no word.
    ///
    /// # Errors
    /// [`FrameError::Io`]; a frame that is larger than either side's limit.
    pub async fn send_raw(&mut self, body: Bytes) -> Result<(), FrameError> {
        Ok(self.frames.send(body).await?)
    }

    /// The next frame as it is. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`], [`FrameError::Io`].
    pub async fn receive_raw(&mut self) -> Result<Option<BytesMut>, FrameError> {
        frame_of::<In>(self.frames.next().await)
    }

    /// Sends everything that is waiting and closes our side.
    ///
    /// # Errors
    /// [`FrameError::Io`].
    pub async fn close(&mut self) -> Result<(), FrameError> {
        Ok(SinkExt::<Bytes>::close(&mut self.frames).await?)
    }

    /// The stream, to ask it about the other side.
    pub fn stream(&self) -> &S {
        self.frames.get_ref()
    }

    /// The stream alone; what was received of it and not read yet is lost.
    pub fn into_inner(self) -> S {
        self.frames.into_inner()
    }

    /// Two halves, for a task that reads and a task that writes.
    pub fn split(self) -> (LinkWriter<S, Out, In>, LinkReader<S, Out, In>) {
        let (sink, stream) = self.frames.split();
        (LinkWriter(sink, PhantomData), LinkReader(stream, PhantomData))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, Out: Word, In: Word> LinkWriter<S, Out, In> {
    /// As [`Link::send`].
    ///
    /// # Errors
    /// As [`Link::send`].
    pub async fn send(&mut self, word: Out) -> Result<(), FrameError> {
        Ok(self.0.send(body_of(&word)?).await?)
    }

    /// As [`Link::close`].
    ///
    /// # Errors
    /// As [`Link::close`].
    pub async fn close(&mut self) -> Result<(), FrameError> {
        Ok(self.0.close().await?)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, Out: Word, In: Word> LinkReader<S, Out, In> {
    /// As [`Link::receive`].
    ///
    /// # Errors
    /// As [`Link::receive`].
    pub async fn receive(&mut self) -> Result<Option<In>, FrameError> {
        word_of(self.0.next().await)
    }
}

fn body_of<Out: Word>(word: &Out) -> Result<Bytes, FrameError> {
    let body = frame::to_bytes(word)?;
    if body.len() > Out::LIMIT {
        return Err(FrameError::TooLarge { limit: Out::LIMIT });
    }
    Ok(Bytes::from(body))
}

type Next = Option<Result<BytesMut, std::io::Error>>;

fn frame_of<In: Word>(next: Next) -> Result<Option<BytesMut>, FrameError> {
    next.transpose().map_err(|error| frame::error_of(error, In::LIMIT))
}

fn word_of<In: Word>(next: Next) -> Result<Option<In>, FrameError> {
    frame_of::<In>(next)?.map(|body| frame::from_bytes(&body)).transpose()
}

async fn in_time<T>(exchange: impl Future<Output = Result<T, FrameError>>) -> Result<T, FrameError> {
    tokio::time::timeout(OPENING_TIME, exchange).await.unwrap_or(Err(FrameError::Silence))
}

async fn send_opening<S: AsyncWrite + Unpin>(stream: &mut S, opening: Opening) -> Result<(), FrameError> {
    let body = opening.to_bytes();
    let mut frame = u32::try_from(body.len()).unwrap_or_default().to_be_bytes().to_vec();
    frame.extend(body);
    stream.write_all(&frame).await?;
    stream.flush().await?;
    Ok(())
}

async fn receive_opening<S: AsyncRead + Unpin, In: Word>(stream: &mut S) -> Result<Vec<u8>, FrameError> {
    let mut frame = [0; OPENING_FRAME];
    stream.read_exact(&mut frame).await?;
    match frame.strip_prefix(&[0, 0, 0, 12]) {
        Some(body) => Ok(body.to_vec()),
        None => Err(FrameError::NotThisProtocol { expected: In::PROTOCOL }),
    }
}
